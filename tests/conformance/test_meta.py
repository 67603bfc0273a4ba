"""RFC 8414 and OpenID discovery: the documents say what is true, at both addresses, whatever a request claims."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import StoppedClock, refused, tokens
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house

OAUTH, OPENID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """A house as it stands behind a proxy that ends TLS, at an issuer with a path."""
    folder = tmp_path_factory.mktemp("house")
    with open_house(folder, clock=StoppedClock(), issuer="https://tv.example.com/t1") as running:
        yield furnish(running)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """The same without TLS, so that a browser gives its cookies to the loopback."""
    folder, issuer = tmp_path_factory.mktemp("house"), "http://tv.example.com/t1"
    with open_house(folder, clock=StoppedClock(), issuer=issuer, insecure_http=True) as running:
        yield furnish(running)


def read(house: RunningHouse, path: str, **more: Any) -> requests.Response:
    """What stands at a path of the host, not of the issuer."""
    address = urlsplit(house.address)
    return house.web.get(f"{address.scheme}://{address.netloc}{path}", allow_redirects=False, timeout=10, **more)


@pytest.mark.parametrize("path", [OAUTH, OPENID])
def test_meta_01_the_document_is_json_for_everybody(house: RunningHouse, path: str) -> None:
    answer = house.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert isinstance(answer.json(), dict)
    for nowhere in ("/.well-known/nothing", "/.well-known/", "/.well-known/oauth-authorization-server/t2"):
        lost = house.get(nowhere)
        assert (lost.status_code, lost.json()) == (404, {"error": "not_found"})


def test_meta_02_an_issuer_with_a_path_has_both_addresses(public: RunningHouse) -> None:
    for path in (f"{OAUTH}/t1", f"/t1{OPENID}"):
        answer = read(public, path)
        assert answer.status_code == 200
        assert answer.json()["issuer"] == "https://tv.example.com/t1"
    for path in (OAUTH, OPENID, f"{OPENID}/t1", f"/t1{OAUTH}"):
        assert read(public, path).status_code == 404


def test_meta_02_everything_else_stands_under_that_path(plain: RunningHouse) -> None:
    started = plain.begin()
    assert started["verification_uri"] == "http://tv.example.com/t1/device"
    refused(plain.poll(started), "authorization_pending")
    refused(plain.poll(started), "slow_down")  # the fast path knows its place too
    Phone(plain).approve(started)
    held = tokens(plain.poll(started))
    answer = plain.get("/api/me", headers={"Authorization": f"Bearer {held['access_token']}"})
    assert answer.json()["username"] == "ana"
    for path in ("/token", "/device_authorization", "/device", "/jwks", "/api"):
        assert read(plain, path).status_code == 404


@pytest.mark.parametrize("path", ["/t1/nothing", "/t1/device_authorization/", "/t1/token/", "/t1/devices/", "/t1/"])
def test_meta_02_what_stands_nowhere_is_not_guessed_under_the_path(public: RunningHouse, path: str) -> None:
    """No redirect that a `Host` header could aim, and people get a page."""
    for method in ("GET", "POST"):
        address = urlsplit(public.address)
        url = f"{address.scheme}://{address.netloc}{path}"
        answer = public.web.request(
            method, url, headers={"Host": "evil.example"}, data={"x": "y"}, allow_redirects=False, timeout=10
        )
        assert answer.status_code in (303, 404, 405), (method, path)
        assert "evil" not in answer.text + str(answer.headers)
    if path == "/t1/nothing":
        assert "nothing here" in read(public, path).text


@pytest.mark.parametrize("forged", [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}])
def test_meta_03_the_issuer_is_the_same_everywhere(plain: RunningHouse, forged: dict[str, str]) -> None:
    documents = [read(plain, path, headers=forged).json() for path in (f"{OAUTH}/t1", f"/t1{OPENID}")]
    issuers = {document["issuer"] for document in documents}
    token = plain.sign_in()["access_token"]
    answer = plain.post("/introspect", {"token": token}, auth=("backend", SECRET), headers=forged)
    issuers.add(answer.json()["iss"])
    issuers.add(jwt.decode(token, options={"verify_signature": False})["iss"])
    assert issuers == {"http://tv.example.com/t1"}


def test_dev_03_every_address_that_is_told_is_https(public: RunningHouse) -> None:
    document = read(public, f"{OAUTH}/t1").json()
    started = public.begin()
    for name, value in (document | started).items():
        if isinstance(value, str) and "://" in value:
            assert re.match(r"https://tv\.example\.com/t1(/|$)", value), name


def test_dev_32_the_device_grant_can_be_found_and_answers(public: RunningHouse) -> None:
    document = read(public, f"{OAUTH}/t1").json()
    assert GRANT_TYPE in document["grant_types_supported"]
    endpoint = urlsplit(document["device_authorization_endpoint"])
    assert (endpoint.scheme, endpoint.netloc) == ("https", "tv.example.com")
    address = urlsplit(public.address)
    answer = public.web.post(f"{address.scheme}://{address.netloc}{endpoint.path}", {"client_id": "tv"}, timeout=10)
    assert answer.status_code == 200
    assert answer.json()["device_code"]


def test_meta_05_and_06_the_document_lists_what_works_and_no_more(house: RunningHouse) -> None:
    document = house.get(OAUTH).json()
    assert [] not in document.values()
    assert document["response_types_supported"] == ["code", "id_token"]
    for grant in document["grant_types_supported"]:
        form = {"grant_type": grant, "client_id": "tv", "device_code": "x", "refresh_token": "x"}
        assert house.post("/token", form).json()["error"] != "unsupported_grant_type"
    for grant in ("password", "implicit"):
        assert grant not in document["grant_types_supported"]
    for name, path in (
        ("token_endpoint", "/token"),
        ("device_authorization_endpoint", "/device_authorization"),
        ("revocation_endpoint", "/revoke"),
        ("introspection_endpoint", "/introspect"),
    ):
        assert document[name] == house.issuer + path
        assert house.post(path, {"x": "y"}).status_code == 400
    methods = document["token_endpoint_auth_methods_supported"]
    assert document["introspection_endpoint_auth_methods_supported"] == [one for one in methods if one != "none"]
    shown = {
        "none": ({"client_id": "tv"}, None),
        "client_secret_post": ({"client_id": "backend", "client_secret": SECRET}, None),
        "client_secret_basic": ({"scope": "profile"}, ("backend", SECRET)),
    }
    for form, auth in (shown[method] for method in methods if method in shown):
        assert house.post("/device_authorization", form, auth=auth).status_code == 200


def test_meta_07_openid_discovery_has_what_it_demands(house: RunningHouse) -> None:
    document = house.get(OPENID).json()
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert document["subject_types_supported"] == ["public"]
    keys = house.get(urlsplit(document["jwks_uri"]).path).json()["keys"]
    assert {"ES256", "RS256"} == {key["alg"] for key in keys}


def test_meta_08_both_documents_agree_and_the_keys_are_public(house: RunningHouse) -> None:
    assert house.get(OAUTH).json() == house.get(OPENID).json()
    keys = house.get("/jwks").json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) == 2
    for key in keys:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & set(key)
        assert (key["use"], "kty" in key, "kid" in key) == ("sig", True, True)
