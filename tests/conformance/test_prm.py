"""RFC 9728: what a client learns of the API from its address alone."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from server.settings import Settings
from tests.conformance.wire import refused
from tests.house import SECRET, RunningHouse, furnish, open_house

POINTER = re.compile(r'resource_metadata="([^"]+)"')


def fetched(house: RunningHouse, url: str) -> dict[str, Any]:
    """The document at this URL, asked at the root of the host."""
    assert url.startswith(house.issuer.removesuffix(urlsplit(house.issuer).path))
    answer = house.web.get(url, timeout=10)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    content: dict[str, Any] = answer.json()
    return content


@pytest.mark.parametrize("path", ["", "/t1"])
def test_prm_01_the_well_known_path_is_inserted_before_that_of_the_api(tmp_path: Path, path: str) -> None:
    with open_house(tmp_path, issuer=f"http://127.0.0.1:1{path}") as house:
        host = f"http://127.0.0.1:{house.app.house.settings.port}"
        api = f"http://127.0.0.1:1{path}/api"
        answer = house.web.get(f"{host}/.well-known/oauth-protected-resource{path}/api", timeout=10)
        content = answer.json()
        assert (content["resource"], content["authorization_servers"]) == (api, [f"http://127.0.0.1:1{path}"])
        for other in ("/.well-known/oauth-protected-resource", f"{path}/api/.well-known/oauth-protected-resource"):
            assert house.web.get(host + other, timeout=10).status_code == 404


def test_prm_01_the_members_say_what_the_api_takes(house: RunningHouse) -> None:
    content = fetched(house, f"{house.issuer}/.well-known/oauth-protected-resource/api")
    assert content["resource"] == f"{house.issuer}/api"
    assert content["bearer_methods_supported"] == ["header"]
    assert {"profile", "readings:read"} <= {*content["scopes_supported"]}
    assert all(value not in ([], "", None) for value in content.values()), "empty lists are left out"
    server = house.get("/.well-known/oauth-authorization-server").json()
    assert content["authorization_servers"] == [server["issuer"]]
    assert content["mqtt_credentials_endpoint"] == server["mqtt_credentials_endpoint"]
    token = house.sign_in()["access_token"]
    introspected = house.post("/introspect", {"token": token}, auth=("backend", SECRET)).json()
    assert introspected["aud"] == content["resource"], "the identifier is the audience of the tokens"


def test_prm_01_a_list_that_would_be_empty_is_left_out(tmp_path: Path) -> None:
    with open_house(tmp_path, scopes={"openid": "Know which account is yours"}) as house:
        assert "scopes_supported" not in fetched(house, f"{house.issuer}/.well-known/oauth-protected-resource/api")


@pytest.mark.parametrize("path", ["/api/me", "/api/readings", "/userinfo", "/mqtt/credentials"])
def test_prm_01_a_refused_call_points_to_the_metadata_in_every_scheme(house: RunningHouse, path: str) -> None:
    method = "POST" if path.startswith("/mqtt") else "GET"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "DPoP wrong"}):
        answer = house.web.request(method, house.address + path, headers=headers, timeout=10)
        challenge = answer.headers["www-authenticate"]
        assert answer.status_code == 401
        pointers = POINTER.findall(challenge)
        assert len(pointers) == challenge.count("realm="), challenge
        assert {fetched(house, url)["resource"] for url in pointers} == {f"{house.issuer}/api"}


def test_prm_01_too_little_scope_points_there_too(house: RunningHouse) -> None:
    held = house.sign_in(scope="profile")
    answer = house.get("/api/readings", headers={"Authorization": f"Bearer {held['access_token']}"})
    refused(answer, "insufficient_scope", 403)
    assert POINTER.search(answer.headers["www-authenticate"])


def test_prm_01_what_a_request_says_of_its_host_changes_nothing(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        furnish(house)
        forged = {"host": "evil.example", "x-forwarded-host": "evil.example"}
        answer = house.get("/api/me", headers=forged)
        assert "evil" not in answer.headers["www-authenticate"]
        assert "evil" not in house.get("/.well-known/oauth-protected-resource/api", headers=forged).text


def test_the_audience_is_the_issuer_and_the_path_of_the_api() -> None:
    settings = Settings(issuer="https://tv.example/t1")
    assert settings.api_audience == "https://tv.example/t1/api"
