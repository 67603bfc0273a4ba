"""RFC 9700 and RFC 10027: what is wise beyond the letter, as far as it holds already."""

import re
from typing import Any

import pytest

from server.oauth.client import Client, check_registration
from server.oauth.errors import InvalidRequest
from server.oauth.grants import BY_TYPE
from tests.conformance.wire import refresh, refused, tokens, type_code
from tests.forms import Forms
from tests.house import PASSWORD, SECRET, Phone, RunningHouse, furnish, open_house

PAGES = ("/device", "/sign-in", "/devices", "/D/BCDFGHJK", "/nowhere", "/device?user_code=x")


def test_bcp_01_there_is_no_password_grant(house: RunningHouse) -> None:
    form = {"grant_type": "password", "username": "ana", "password": PASSWORD, "client_id": "tv"}
    refused(house.post("/token", form), "unsupported_grant_type")
    assert "password" not in house.get("/.well-known/oauth-authorization-server").json()["grant_types_supported"]
    client = Client("old", "Old", ("password",), (), 0)
    with pytest.raises(InvalidRequest):
        check_registration(client, tuple(BY_TYPE), ())


@pytest.mark.parametrize("name", ["next", "return_to", "continue", "post_logout_redirect_uri", "redirect_uri", "code"])
@pytest.mark.parametrize("evil", ["//evil.example", "https:evil.example", "\\\\evil.example", "javascript:alert(1)"])
def test_bcp_06_nothing_leads_elsewhere(house: RunningHouse, name: str, evil: str) -> None:
    phone = Phone(house)
    page = phone.web.get(house.issuer + "/sign-in", params={name: evil}, timeout=10)
    if page.status_code == 200:
        form = Forms(page.text).with_control("password").fields | {"username": "ana", "password": PASSWORD, name: evil}
        answer = phone.web.post(house.issuer + "/sign-in", form, allow_redirects=False, timeout=10)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(("/devices", "/D/", "/device"))
        assert not answer.headers["location"].startswith(("//", "/\\"))
    for path in ("/", "/activate", "/device/"):
        answer = phone.web.get(house.issuer + path, params={name: evil}, allow_redirects=False, timeout=10)
        assert answer.headers["location"] == "/device"


def test_bcp_07_a_spent_refresh_token_ends_all_that_came_of_it(house: RunningHouse) -> None:
    first = house.sign_in()
    second = tokens(refresh(house, first["refresh_token"]))
    refused(refresh(house, first["refresh_token"]), "invalid_grant")
    refused(refresh(house, second["refresh_token"]), "invalid_grant")
    for held in (first, second):
        answer = house.get("/api/me", headers={"Authorization": f"Bearer {held['access_token']}"})
        assert answer.status_code == 401


def test_bcp_08_a_refresh_token_lapses_when_it_is_not_used_and_in_the_end(house: RunningHouse) -> None:
    idle = house.app.house.settings.refresh_idle_for
    held = house.sign_in()["refresh_token"]
    for _ in range(4):  # two years, half a year off at a time
        house.clock.advance(idle - 1)
        held = tokens(refresh(house, held))["refresh_token"]
    house.clock.advance(idle - 1)
    refused(refresh(house, held), "invalid_grant")
    lapsed = house.sign_in()["refresh_token"]
    house.clock.advance(idle)
    refused(refresh(house, lapsed), "invalid_grant")


def test_bcp_08_and_xd_08_signing_a_device_out_ends_its_tokens_at_once(house: RunningHouse) -> None:
    held = house.sign_in("ben", device_name="Kitchen")
    phone = Phone(house, "ben")
    phone.open(house.begin())
    page = phone.web.get(house.issuer + "/devices", timeout=10)
    action = next(form.action for form in Forms(page.text).all if re.fullmatch("/devices/[^/]+/sign-out", form.action))
    form = {"form_token": next(form for form in Forms(page.text).all if form.action == action).fields["form_token"]}
    assert "Signed out" in phone.web.post(house.issuer + action, form, timeout=10).text
    refused(refresh(house, held["refresh_token"]), "invalid_grant")
    introspected = house.post("/introspect", {"token": held["access_token"]}, auth=("backend", SECRET))
    assert introspected.json() == {"active": False}
    assert house.get("/api/me", headers={"Authorization": f"Bearer {held['access_token']}"}).status_code == 401


@pytest.mark.parametrize("path", PAGES)
def test_bcp_10_no_page_can_be_framed(house: RunningHouse, path: str) -> None:
    for method in ("GET", "POST"):
        answer = house.web.request(method, house.issuer + path, allow_redirects=False, timeout=10)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"


def test_bcp_11_after_a_form_every_redirect_is_303(house: RunningHouse, started: dict[str, Any]) -> None:
    phone = Phone(house)
    type_code(phone, started["user_code"])
    for path, fields in (
        ("/device", {"user_code": started["user_code"]}),
        ("/sign-in", {"username": "ana", "password": PASSWORD, "code": started["user_code"]}),
        (f"/D/{started['user_code']}", {"decision": "deny"}),
        ("/sign-out", {}),
    ):
        page = phone.web.get(house.issuer + "/device", timeout=10)
        token = page.text.split('name="form_token" value="')[1].split('"')[0]
        form = fields | {"form_token": token}
        answer = phone.web.post(house.issuer + path, form, allow_redirects=False, timeout=10)
        assert answer.status_code == 303, path
    refused(house.poll(started), "access_denied")


def test_bcp_12_only_public_documents_may_be_read_by_other_origins(house: RunningHouse) -> None:
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in ("/.well-known/oauth-authorization-server", "/jwks"):
        assert house.get(path, headers=asks).headers["access-control-allow-origin"] == "*"
    for path in (*PAGES, "/token", "/device_authorization", "/introspect", "/revoke", "/api/me"):
        for method in ("GET", "POST", "OPTIONS"):
            answer = house.web.request(method, house.issuer + path, headers=asks, allow_redirects=False, timeout=10)
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_xd_04_and_xd_05_codes_are_short_lived_and_good_once(
    house: RunningHouse, ana: Phone, ben: Phone, started: dict[str, Any]
) -> None:
    assert started["expires_in"] <= 1_800
    ana.open(started)
    assert ana.open(started).status_code == 200  # the same person may look again before deciding
    ana.approve(started)
    assert type_code(ben, started["user_code"]).status_code == 409


def test_xd_11_and_xd_12_a_device_gets_no_more_than_its_client_and_for_no_longer(house: RunningHouse) -> None:
    refused(house.post("/device_authorization", {"client_id": "modest", "scope": "readings:read"}), "invalid_scope")
    held = house.sign_in(client_id="modest")
    assert (held["scope"], "refresh_token" in held) == ("profile", False)
    assert held["expires_in"] <= house.app.house.settings.access_for


def test_xd_13_too_many_sign_ins_at_once_are_refused_in_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_house(tmp_path_factory.mktemp("full"), max_sign_ins=2) as house:
        furnish(house)
        first = house.begin()
        house.begin()
        answer = refused(house.post("/device_authorization", {"client_id": "tv"}), "temporarily_unavailable", 503)
        assert int(answer.headers["retry-after"]) > 0
        refused(house.poll(first), "authorization_pending")


def test_xd_16_no_comes_first_and_is_what_enter_does(house: RunningHouse, ana: Phone, started: dict[str, Any]) -> None:
    page = ana.open(started).text
    assert 0 < page.index('value="deny"') < page.index('value="approve"')
    assert "autofocus" not in page
    assert "Not me" in page
