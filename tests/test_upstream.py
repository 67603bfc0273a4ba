"""The table of providers in the settings: what can be meant is read, the rest is refused by name."""

from pathlib import Path
from typing import Any

import pytest

from server.oauth.provider import Provider
from server.settings import Settings, SettingsError
from server.sources import load
from server.upstream import providers_of

GOOD: dict[str, Any] = {"issuer": "https://accounts.google.com", "client_id": "us", "client_secret": "secret"}


def read(key: str = "google", private: bool = False, **changes: Any) -> Provider:
    table = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return providers_of(Settings(providers={key: table}, outbound_private=private))[key]


def test_a_provider_is_read_from_a_file(tmp_path: Path) -> None:
    config = tmp_path / "porchlight.toml"
    config.write_text(
        '[providers.corp]\nname = "Corp"\nissuer = "https://id.example.com/t/.well-known/openid-configuration"\n'
        'client_id = "us"\nclient_secret = "s3cret"\nlink_by_verified_email = true\ndomains = ["Example.com"]\n'
    )
    settings = load({}, {}, config)
    assert "s3cret" not in repr(settings)
    assert providers_of(settings) == {
        "corp": Provider(
            "corp", "Corp", "https://id.example.com/t", "us", "s3cret", links_by_email=True, domains=("example.com",)
        )
    }


def test_little_is_needed_and_nothing_is_opened_by_default() -> None:
    made = read()
    assert (made.name, made.scopes) == ("google", ("openid", "email", "profile"))
    assert (made.links_by_email, made.signs_up, made.domains) == (False, False, ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "Google"}, "a-z"),
        ({"key": "a/b"}, "a-z"),
        ({"issuer": None}, "issuer"),
        ({"issuer": "http://id.example.com"}, "https"),
        ({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}, "one tenant"),
        ({"issuer": "https://id.example.com?x=1"}, "https"),
        ({"client_secret": ""}, "client_secret"),
        ({"client_id": 7}, "client_id"),
        ({"scopes": "email"}, "openid"),
        ({"sign_up": "yes"}, "true or false"),
        ({"domains": "example.com"}, "domains"),
        ({"domains": ["@example.com"]}, "domains"),
        ({"secret": "x"}, "there is no secret"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_by_name(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read(**changes)


def test_http_is_for_this_machine_alone_and_only_when_asked_for() -> None:
    with pytest.raises(SettingsError):
        read(issuer="http://127.0.0.1:8629")
    assert read(issuer="http://127.0.0.1:8629", private=True).issuer == "http://127.0.0.1:8629"
    with pytest.raises(SettingsError):
        read(issuer="http://id.example.com", private=True)


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "porchlight.toml"
    config.write_text('[providers]\ngoogle = "https://accounts.google.com"\n')
    with pytest.raises(SettingsError, match=r"\[providers.google\]"):
        load({}, {}, config)
