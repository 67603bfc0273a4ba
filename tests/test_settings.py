"""Settings: what cannot work is refused by name before anything starts, and the nearer source wins."""

import re
from pathlib import Path
from typing import Any

import pytest

from server.checks import with_ports
from server.settings import Settings, SettingsError
from server.sources import load

ISSUER = "https://tv.example.com"


def settings(tmp_path: Path, **flags: Any) -> Settings:
    return load({"data_dir": str(tmp_path), **flags}, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", -1),
        ("port", 65_536),
        ("port", "eighty"),
        ("port", "80.5"),
        ("port", ""),
        ("mqtt_port", -2),
        ("mqtt_port", 70_000),
        ("mqtt_public_port", -1),
        ("user_code", "emoji"),
        ("code_for", 59),
        ("code_for", 1_801),
        ("access_for", 59),
        ("access_for", 86_401),
        ("refresh_idle_for", 900),
        ("refresh_for", 86_400),
        ("hold_for", -1),
        ("hold_for", 31),
        ("session_for", 0),
        ("max_sign_ins", 0),
        ("tries_per_session", 0),
        ("tries_per_account", -5),
        ("tries_per_network", 0),
        ("tries_per_service", 0),
        ("workers", 0),
        ("workers", 2),
        ("database_url", "mysql://localhost/x"),
        ("database_url", "postgres"),
        ("database_url", "sqlite://x.db"),
        ("tls_key", "no-such-file.pem"),
        ("insecure_http", "maybe"),
        ("scopes", "profile"),
        ("scopes", {"profile": 1}),
        ("scopes", {"profile": " "}),
        ("scopes", {"two words": "May do two things"}),
        ("scopes", {'quo"te': "May quote"}),
        ("trusted_proxies", 7),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: .*write "):
        settings(tmp_path, **{name: value})


def test_a_certificate_and_its_key_come_together(tmp_path: Path) -> None:
    pem = tmp_path / "cert.pem"
    pem.write_text("-")
    with pytest.raises(SettingsError, match="tls_key: write both"):
        settings(tmp_path, tls_cert=str(pem))
    with pytest.raises(SettingsError, match="tls_cert: write the path"):
        settings(tmp_path, tls_cert="missing.pem", tls_key=str(pem))
    assert with_ports(settings(tmp_path, tls_cert=str(pem), tls_key=str(pem)), 443).issuer == "https://127.0.0.1:443"


@pytest.mark.parametrize(
    "issuer",
    [
        "tv.example.com",
        "ftp://tv.example.com",
        "https://",
        "https:///x",
        f"{ISSUER}?x=y",
        f"{ISSUER}#x",
        f"{ISSUER}/?",
        "https://user@tv.example.com",
        "https://:word@tv.example.com",
        "https://tv.example.com:port",
        "https://tv.example.com:99999",
        "https://[::1",
        f" {ISSUER}",
        f"{ISSUER}\n",
        "https://tv.exa\tmple.com",
        "https://tv.example.com/a b",
        'https://tv.example.com/"',
        "https://tü.example.com",
        f"{ISSUER}//",
        f"{ISSUER}/t1//",
        f"{ISSUER}//t1",
        f"{ISSUER}/../t1",
        f"{ISSUER}/{{tenant}}",
        f"{ISSUER}/%74",
    ],
)
def test_an_issuer_that_is_no_plain_https_url_is_refused(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(SettingsError, match=r"^issuer: write "):
        settings(tmp_path, issuer=issuer)


@pytest.mark.parametrize("host", ["192.0.2.7", "tv.example.com", "tv.local", "localhost.example.com", "10.0.0.1"])
def test_dev_03_plain_http_is_for_the_loopback_alone(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match=r"issuer: write an https URL \(or set insecure_http"):
        settings(tmp_path, issuer=f"http://{host}:8628")
    assert settings(tmp_path, issuer=f"http://{host}", insecure_http="yes").issuer == f"http://{host}"
    with pytest.raises(SettingsError, match="issuer"):
        with_ports(settings(tmp_path, host=host), 8628)


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8628", "http://localhost:1", "http://[::1]:8628", f"{ISSUER}/t1"])
def test_an_issuer_that_works(tmp_path: Path, issuer: str) -> None:
    assert settings(tmp_path, issuer=issuer).issuer == settings(tmp_path, issuer=issuer + "/").issuer == issuer


def test_the_issuer_follows_the_address_where_none_is_set(tmp_path: Path) -> None:
    assert with_ports(settings(tmp_path, port=0), 4711).issuer == "http://127.0.0.1:4711"
    assert with_ports(settings(tmp_path, host="::1"), 4711).issuer == "http://[::1]:4711"
    chosen = with_ports(settings(tmp_path, issuer=f"{ISSUER}/t1/"), 4711)
    assert (chosen.path, chosen.is_secure, chosen.api_audience) == ("/t1", True, f"{ISSUER}/t1/api")


def test_several_workers_need_a_shared_storage_and_no_broker_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="workers: write 1 with SQLite"):
        settings(tmp_path, workers=2, mqtt_port=-1)
    with pytest.raises(SettingsError, match="workers: write 1 with the embedded broker"):
        settings(tmp_path, workers=2, database_url="postgresql://h/x")
    assert settings(tmp_path, workers=2, database_url="postgresql://h/x", mqtt_port=-1).workers == 2


def test_flags_win_over_the_environment_that_over_the_file_that_over_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "porchlight.toml").write_text(
        "code_for = 301\nhold_for = 11\naccess_for = 601\n"
        'trusted_proxies = ["192.0.2.1"]\n[scopes]\nlamp = "Switch it"\n'
    )
    environ = {
        "PORCHLIGHT_CODE_FOR": "302",
        "PORCHLIGHT_HOLD_FOR": "12",
        "PATH": "/bin",
        "PORCHLIGHT_AGENT_SERVER": "x",
    }
    chosen = load({"data_dir": str(tmp_path), "code_for": 303, "hold_for": None}, environ)
    assert (chosen.code_for, chosen.hold_for, chosen.access_for, chosen.session_for) == (303, 12, 601, 2_592_000)
    assert chosen.trusted_proxies == ("192.0.2.1",)
    assert dict(chosen.scopes) == {"lamp": "Switch it"}


def test_the_data_dir_and_the_file_can_be_named_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "porchlight.toml").write_text("code_for = 301\n")
    other = tmp_path / "other.toml"
    other.write_text("code_for = 302\n")
    environ = {"PORCHLIGHT_DATA_DIR": str(tmp_path)}
    assert load({}, environ).code_for == 301
    assert load({}, environ | {"PORCHLIGHT_CONFIG": str(other)}).code_for == 302
    assert load({}, environ | {"PORCHLIGHT_CONFIG": "nowhere"}, config=other).code_for == 302
    assert load({}, environ).storage_url == f"sqlite:///{tmp_path / 'porchlight.db'}"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False)])
def test_words_for_yes_and_no(tmp_path: Path, text: str, value: bool) -> None:
    assert load({"data_dir": str(tmp_path)}, {"PORCHLIGHT_INSECURE_HTTP": text}).insecure_http is value


def test_a_list_in_the_environment_is_separated_by_commas_or_spaces(tmp_path: Path) -> None:
    chosen = load({"data_dir": str(tmp_path)}, {"PORCHLIGHT_TRUSTED_PROXIES": "192.0.2.1, 192.0.2.2 ::1"})
    assert chosen.trusted_proxies == ("192.0.2.1", "192.0.2.2", "::1")


def test_a_name_that_nobody_knows_is_refused_as_it_was_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^PORCHLIGHT_CODE_FRO: there is no such setting"):
        load({"data_dir": str(tmp_path)}, {"PORCHLIGHT_CODE_FRO": "300"})
    (tmp_path / "porchlight.toml").write_text("code_fro = 300\n")
    with pytest.raises(SettingsError, match=r"^code_fro: there is no such setting"):
        load({"data_dir": str(tmp_path)}, {})


@pytest.mark.parametrize("content", [b"code_for =", b"\xff\xfe", b"= 1", b"code_for = 1\ncode_for = 2"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "porchlight.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=f"^config: {re.escape(str(tmp_path / 'porchlight.toml'))} cannot be read"):
        load({"data_dir": str(tmp_path)}, {})


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(SettingsError, match=f"config: there is no file {re.escape(str(missing))}"):
        load({"data_dir": str(tmp_path)}, {}, config=missing)


def test_nothing_set_is_something_that_works(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    assert (chosen.code_for, chosen.user_code, chosen.workers) == (600, "letters", 1)
    assert not chosen.is_shared_storage


@pytest.mark.parametrize("proxies", ["proxy.example", "10.0.0.0/33", "*", "10.0.0.1, nowhere"])
def test_a_proxy_that_is_no_address_is_refused_by_name(proxies: str) -> None:
    with pytest.raises(SettingsError, match="trusted_proxies"):
        load({"trusted_proxies": proxies}, {})


def test_proxies_are_addresses_and_networks() -> None:
    found = load({"trusted_proxies": "127.0.0.1 10.0.0.0/8, fd00::/8"}, {}).trusted_proxies
    assert found == ("127.0.0.1", "10.0.0.0/8", "fd00::/8")
