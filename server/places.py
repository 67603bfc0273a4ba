"""Where an address is, from databases in MaxMind's format when the operator gives some (RFC 10027 section 6.1.1).

Nothing is asked of anybody: the files are read on this machine, when the first phone opens a code. Read are the
country, the autonomous system, and the marks of data centres and anonymous networks, from whichever file has them.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from server.oauth.presence import Likeness

log: Final = logging.getLogger("porchlight")
_HOSTED: Final = ("is_hosting_provider", "is_anonymous", "is_anonymous_vpn", "is_tor_exit_node", "is_public_proxy")


class UnreadablePlaces(Exception):
    """A database cannot be read; the message says which and why."""


class Place(NamedTuple):
    """`country` is the code of ISO 3166, `name` the country in words, `system` the AS number; "" and 0: not known."""

    country: str = ""
    name: str = ""
    system: int = 0
    is_hosted: bool = False


NOWHERE: Final = Place()


class Places:
    """The databases, opened when first asked."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = tuple(paths)
        self._readers: list[Any] | None = None

    def open(self) -> None:
        """Open all; raises `UnreadablePlaces`. Without any nothing is loaded."""
        if self._readers is not None or not self._paths:
            return
        try:
            import maxminddb
        except ImportError:
            raise UnreadablePlaces("install the extra geoip to read it: pip install 'porchlight[geoip]'") from None
        try:
            self._readers = [maxminddb.open_database(path) for path in self._paths]
        except (OSError, ValueError, RuntimeError) as error:
            raise UnreadablePlaces(str(error)) from None

    def of(self, address: str) -> Place:
        """What is known of this address; never raises."""
        place = NOWHERE
        for reader in self._opened():
            try:
                record = reader.get(address)
            except (ValueError, RuntimeError):
                continue
            if isinstance(record, dict):
                place = _with(place, record)
        return place

    def _opened(self) -> Sequence[Any]:
        try:
            self.open()
        except UnreadablePlaces as error:
            log.error("geoip_database: %s", error)
            self._readers = []
        return self._readers or ()

    def close(self) -> None:
        """Let go of the files."""
        for reader in self._readers or ():
            reader.close()
        self._readers = None


def alike(one: str, other: str) -> Likeness:
    """Whether two countries are the same, as far as both are known."""
    if not one or not other:
        return "unknown"
    return "same" if one == other else "different"


def _with(place: Place, record: Mapping[str, Any]) -> Place:
    country = record.get("country") or record.get("registered_country") or {}
    if isinstance(country, dict) and isinstance(code := country.get("iso_code"), str):
        names = country.get("names")
        name = names.get("en") if isinstance(names, dict) else None
        place = place._replace(country=code, name=name if isinstance(name, str) else code)
    traits = {**(record["traits"] if isinstance(record.get("traits"), dict) else {}), **record}
    system = traits.get("autonomous_system_number")
    if isinstance(system, int):
        place = place._replace(system=system)
    return place._replace(is_hosted=place.is_hosted or any(traits.get(mark) is True for mark in _HOSTED))
