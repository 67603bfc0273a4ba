"""Where an address is: read from a database that the operator gives, never asked of anybody."""

import logging
from pathlib import Path

import pytest

from server.checks import checked
from server.places import NOWHERE, Place, Places, UnreadablePlaces, alike
from server.settings import Settings, SettingsError
from tests.mmdb import write_places

FRANCE = {"country": {"iso_code": "FR", "names": {"en": "France", "fr": "France"}}}
SPAIN = {"country": {"iso_code": "ES", "names": {"de": "Spanien"}}}


def test_a_country_is_read_in_words_and_a_data_centre_is_known(tmp_path: Path) -> None:
    countries = write_places(tmp_path / "country.mmdb", {"203.0.113.0/24": FRANCE, "198.51.100.0/24": SPAIN})
    networks = {"203.0.113.128/25": {"autonomous_system_number": 64_496, "traits": {"is_hosting_provider": True}}}
    places = Places((str(countries), str(write_places(tmp_path / "asn.mmdb", networks))))
    assert places.of("203.0.113.7") == Place("FR", "France")
    assert places.of("203.0.113.200") == Place("FR", "France", 64_496, is_hosted=True)
    assert places.of("198.51.100.1") == Place("ES", "ES")
    for unknown in ("192.0.2.1", "2001:db8::1", "", "not an address"):
        assert places.of(unknown) == NOWHERE
    places.close()


def test_without_a_database_nothing_is_known_and_nothing_is_loaded() -> None:
    assert Places(()).of("203.0.113.7") == NOWHERE
    assert (alike("FR", "FR"), alike("FR", "ES"), alike("", "ES"), alike("FR", "")) == (
        "same",
        "different",
        "unknown",
        "unknown",
    )


def test_a_file_that_is_no_database_is_refused_at_start_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"nothing of the kind")
    with pytest.raises(UnreadablePlaces):
        Places((str(broken),)).open()
    for path in (str(broken), str(tmp_path / "none.mmdb")):
        with pytest.raises(SettingsError, match="geoip_database"):
            checked(Settings(geoip_database=(path,)))


def test_a_database_that_goes_away_later_is_named_in_the_log_and_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "porchlight"):
        assert Places((str(tmp_path / "gone.mmdb"),)).of("203.0.113.7") == NOWHERE
    assert "geoip_database" in caplog.text
