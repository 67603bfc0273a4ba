"""Mutual TLS behind a proxy (RFC 8705): clients known by their certificates, tokens bound to them.

Nobody's word is believed but the proxy's. Requests from 127.0.0.1 are the proxy's, those from 127.0.0.2 a stranger's.
"""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import requests
from requests.adapters import HTTPAdapter

from server.broker.port import Hello, Refusal
from server.checks import checked
from server.gateway.doorkeeper import HouseDoorkeeper
from server.oauth.device import GRANT_TYPE
from server.settings import Settings, SettingsError
from tests.authority import Paper
from tests.conformance.test_reg import initial_token, register
from tests.conformance.wire import FORM, refused
from tests.house import RunningHouse, browser, furnish, open_house

HEADER = "X-Client-Cert"
TRUSTED = Paper("CN=Aurora Devices", is_authority=True)
SUBJECT = "CN=hub-1,O=Aurora"
HUB = Paper(SUBJECT, TRUSTED)
OWN, OTHER = Paper("CN=tv-1"), Paper("CN=tv-1")
CREDENTIALS = {"grant_type": "client_credentials", "scope": "profile"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    folder = tmp_path_factory.mktemp("mtls")
    (folder / "ca.pem").write_text(TRUSTED.pem)
    settings: dict[str, Any] = {"mtls_header": HEADER, "mtls_ca": str(folder / "ca.pem")}
    settings |= {"mtls_issuer": "https://mtls.example.com", "trusted_proxies": ("127.0.0.1",)}
    with open_house(folder, **settings) as running:
        furnish(running)
        grants = (GRANT_TYPE, "refresh_token", "client_credentials")
        named: dict[str, Any] = {"auth_method": "tls_client_auth", "tls_subject": SUBJECT, "grants": grants}
        running.add_client("hub", is_certificate_bound=True, **named)
        running.add_client("loose", **named)
        running.add_client("fleet", auth_method="self_signed_tls_client_auth", jwks=OWN.jwks, is_certificate_bound=True)
        running.add_client("kiosk", is_certificate_bound=True)
        yield running


class Stranger(HTTPAdapter):
    """Connections from an address that is no proxy's."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, source_address=("127.0.0.2", 0))


@pytest.fixture
def stranger() -> Iterator[requests.Session]:
    with browser() as web:
        web.mount("http://", Stranger())
        yield web


def with_(paper: Paper | None, **more: str) -> dict[str, str]:
    return more if paper is None else {HEADER: paper.escaped} | more


def token(house: RunningHouse, paper: Paper | None = HUB, client_id: str = "hub") -> requests.Response:
    return house.post("/token", CREDENTIALS | {"client_id": client_id}, headers=with_(paper))


def me(house: RunningHouse, access: str, paper: Paper | None, path: str = "/userinfo") -> requests.Response:
    return house.get(path, headers=with_(paper, Authorization=f"Bearer {access}"))


def poll(house: RunningHouse, started: dict[str, Any], client_id: str, paper: Paper | None) -> requests.Response:
    return house.poll(started, client_id, headers=with_(paper))


def test_mtls_01_a_client_is_known_by_the_subject_of_its_certificate(house: RunningHouse) -> None:
    answer = token(house)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "Bearer"
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"x5t#S256": HUB.x5t}
    headers = {HEADER: HUB.bytes_sequence}
    assert house.post("/token", CREDENTIALS | {"client_id": "hub"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "paper",
    [
        None,
        Paper("CN=hub-2,O=Aurora", TRUSTED),
        Paper("CN=hub-1", TRUSTED),
        Paper(SUBJECT),
        Paper(SUBJECT, Paper("CN=Aurora Devices", is_authority=True)),
        Paper(SUBJECT, Paper("CN=Aurora Devices", TRUSTED)),
        Paper(SUBJECT, TRUSTED, days=-1),
        TRUSTED,
    ],
    ids=["none", "another", "less", "its own", "of another authority", "of a leaf", "expired", "the authority"],
)
def test_mtls_01_any_other_certificate_is_nobodys(house: RunningHouse, paper: Paper | None) -> None:
    refused(token(house, paper, "loose"), "invalid_client", 401)
    for more in ({"client_secret": "x"}, {"client_assertion": "a.b.c"}):
        form = CREDENTIALS | {"client_id": "loose"} | more
        assert house.post("/token", form, headers=with_(paper)).status_code in (400, 401)


def test_mtls_01_a_bound_token_comes_with_its_certificate_alone(house: RunningHouse) -> None:
    started = house.post("/device_authorization", {"client_id": "hub"}, headers=with_(HUB)).json()
    house.phone().approve(started)
    access = poll(house, started, "hub", HUB).json()["access_token"]
    assert me(house, access, HUB, "/api/me").status_code == 200
    for paper in (None, OTHER, Paper(SUBJECT, TRUSTED)):
        answer = refused(me(house, access, paper, "/api/me"), "invalid_token", 401)
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert house.get("/api/me", headers=with_(HUB, Authorization=f"DPoP {access}")).status_code == 401
    house.add_client("api", secret="secret-of-an-api-of-forty-characters-xxx", may_introspect=True)
    auth = ("api", "secret-of-an-api-of-forty-characters-xxx")
    assert house.post("/introspect", {"token": access}, auth=auth).json()["cnf"] == {"x5t#S256": HUB.x5t}


def test_mtls_01_a_header_that_no_proxy_sent_is_no_certificate(house: RunningHouse, stranger: requests.Session) -> None:
    access = token(house).json()["access_token"]
    for more in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "127.0.0.1, 127.0.0.1"}):
        spoofed = with_(HUB, **more)
        form = CREDENTIALS | {"client_id": "hub"}
        refused(stranger.post(house.address + "/token", form, headers=spoofed, timeout=40), "invalid_client", 401)
        headers = spoofed | {"Authorization": f"Bearer {access}"}
        answer = stranger.get(house.address + "/api/readings", headers=headers, timeout=40)
        refused(answer, "invalid_token", 401)
    forwarded = with_(HUB, **{"X-Forwarded-For": "192.0.2.7"})
    assert house.post("/token", CREDENTIALS | {"client_id": "hub"}, headers=forwarded).status_code == 200


@pytest.mark.parametrize(
    "text", ["nonsense", "::", ":AAAA:", "%ff", "x" * 20_000, HUB.escaped[:-40]], ids=lambda t: t[:9]
)
def test_mtls_01_what_the_proxy_garbles_is_refused(house: RunningHouse, text: str) -> None:
    refused(house.post("/token", CREDENTIALS | {"client_id": "hub"}, headers={HEADER: text}), "invalid_request")


def test_mtls_01_a_proxy_that_only_adds_its_header_is_noticed(house: RunningHouse) -> None:
    body = urlencode(CREDENTIALS | {"client_id": "hub"})
    connection = HTTPConnection("127.0.0.1", house.app.house.settings.port, timeout=40)
    connection.putrequest("POST", "/token")
    for name, value in (
        *FORM.items(),
        ("content-length", str(len(body))),
        (HEADER, OTHER.escaped),
        (HEADER, HUB.escaped),
    ):
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]) == (400, "invalid_request")
    connection.close()


def test_mtls_01_a_fleet_signs_in_with_keys_that_it_registered(house: RunningHouse) -> None:
    refused(house.post("/device_authorization", {"client_id": "fleet"}, headers=with_(OTHER)), "invalid_client", 401)
    started = house.post("/device_authorization", {"client_id": "fleet"}, headers=with_(OWN)).json()
    house.phone().approve(started)
    refused(poll(house, started, "fleet", OTHER), "invalid_client", 401)
    renewed = Paper("CN=tv-1,O=Renewed", private=OWN.private)
    tokens = poll(house, started, "fleet", renewed).json()
    assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["cnf"] == {"x5t#S256": renewed.x5t}
    assert house.refresh(tokens, "fleet", headers=with_(OWN)).status_code == 200


def test_mtls_01_a_public_client_is_held_to_the_key_that_began(house: RunningHouse) -> None:
    refused(house.post("/device_authorization", {"client_id": "kiosk"}), "invalid_request")
    started = house.post("/device_authorization", {"client_id": "kiosk"}, headers=with_(OWN)).json()
    for _ in range(2):
        assert poll(house, started, "kiosk", OWN).json()["error"] in ("authorization_pending", "slow_down")
    refused(poll(house, started, "kiosk", None), "invalid_request")
    refused(poll(house, started, "kiosk", OTHER), "invalid_grant")
    house.phone().approve(started)
    refused(poll(house, started, "kiosk", OTHER), "invalid_grant")
    tokens = poll(house, started, "kiosk", OWN).json()
    refused(house.refresh(tokens, "kiosk"), "invalid_request")
    refused(house.refresh(tokens, "kiosk", headers=with_(OTHER)), "invalid_grant")
    assert house.refresh(tokens, "kiosk", headers=with_(OWN)).status_code == 200


def test_mtls_01_no_road_of_mqtt_takes_a_token_that_is_bound_to_a_certificate(house: RunningHouse) -> None:
    started = house.post("/device_authorization", {"client_id": "kiosk"}, headers=with_(OWN)).json()
    house.phone().approve(started)
    access = poll(house, started, "kiosk", OWN).json()["access_token"]
    device_id = jwt.decode(access, options={"verify_signature": False})["device_id"]
    hello = Hello(device_id, device_id, access.encode(), None, None, "192.0.2.7")
    assert isinstance(house.do(HouseDoorkeeper(house.app.house).admit(hello)), Refusal)


def test_mtls_01_the_metadata_says_what_there_is(house: RunningHouse, tmp_path: Path) -> None:
    said = house.get("/.well-known/oauth-authorization-server").json()
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= {*said["token_endpoint_auth_methods_supported"]}
    assert said["tls_client_certificate_bound_access_tokens"] is True
    assert said["mtls_endpoint_aliases"]["token_endpoint"] == "https://mtls.example.com/token"
    assert {*said["mtls_endpoint_aliases"]} <= {*said}
    with open_house(tmp_path) as plain:
        said = plain.get("/.well-known/oauth-authorization-server").json()
        assert not {"mtls_endpoint_aliases", "tls_client_certificate_bound_access_tokens"} & {*said}
        assert "tls_client_auth" not in said["token_endpoint_auth_methods_supported"]
        plain.add_client("hub", auth_method="tls_client_auth", tls_subject=SUBJECT, grants=("client_credentials",))
        refused(token(plain), "invalid_client", 401)


def test_reg_01_a_client_registers_its_certificate(house: RunningHouse) -> None:
    permit: dict[str, Any] = {
        "grants": ("client_credentials",),
        "methods": ("tls_client_auth", "self_signed_tls_client_auth"),
    }
    initial = initial_token(house, **permit)
    asked: dict[str, Any] = {"token_endpoint_auth_method": "tls_client_auth", "grant_types": ["client_credentials"]}
    asked |= {"tls_client_auth_subject_dn": SUBJECT, "tls_client_certificate_bound_access_tokens": True}
    mine = register(house, initial, asked).json()
    assert {name: mine[name] for name in asked} == asked
    assert token(house, HUB, mine["client_id"]).status_code == 200
    asked = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "grant_types": ["client_credentials"]}
    mine = register(house, initial, asked | {"jwks": json.loads(OWN.jwks)}).json()
    assert token(house, OWN, mine["client_id"]).status_code == 200
    for wrong in ({"tls_client_auth_subject_dn": "nonsense"}, {"tls_client_auth_subject_dn": None}):
        answer = register(house, initial, asked | {"token_endpoint_auth_method": "tls_client_auth"} | wrong)
        refused(answer, "invalid_client_metadata")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"mtls_header": HEADER}, "trusted_proxies"),
        ({"mtls_header": "a b", "trusted_proxies": ("127.0.0.1",)}, "mtls_header"),
        ({"mtls_issuer": "https://mtls.example.com"}, "mtls_header"),
        ({"mtls_ca": "nowhere.pem"}, "mtls_ca"),
        ({"mtls_header": HEADER, "trusted_proxies": ("127.0.0.1",), "mtls_issuer": "http://x.example"}, "mtls_issuer"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        checked(Settings(**settings))


def test_a_file_of_authorities_that_holds_none_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(OWN.pem)
    settings: dict[str, Any] = {"mtls_header": HEADER, "trusted_proxies": ("127.0.0.1",)}
    with (
        pytest.raises(SettingsError, match="mtls_ca"),
        open_house(tmp_path, mtls_ca=str(tmp_path / "ca.pem"), **settings),
    ):
        raise AssertionError("it started")
