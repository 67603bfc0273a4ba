"""RFC 9470: what an old sign-in must not do is refused in words that a client can act on, and no loop follows."""

import re
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests

from server.oauth.authentication import ACR_PASSWORD
from tests.conformance.app import BACK, GRANTS, App, came_back, decide
from tests.conformance.wire import StoppedClock, is_undecided, refused, tokens
from tests.forms import Forms
from tests.house import PASSWORD, SCOPES, Phone, RunningHouse, furnish, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("step"), clock=StoppedClock()) as running:
        furnish(running)
        running.add_client("web", grants=GRANTS, scopes=("openid", *SCOPES), redirect_uris=(BACK,))
        yield running


@pytest.fixture
def phone(house: RunningHouse) -> Phone:
    """One that was signed in a while ago."""
    phone = Phone(house)
    phone.open(house.begin())
    house.clock.advance(1_000)
    return phone


def bearer(got: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {got['access_token']}"}


def delete(house: RunningHouse, got: dict[str, Any], **query: str) -> requests.Response:
    return house.web.delete(house.address + "/api/readings", params=query, headers=bearer(got), timeout=10)


def add(house: RunningHouse, got: dict[str, Any], stream: str) -> None:
    reading = {"stream": stream, "value": 1}
    assert house.web.post(house.address + "/api/readings", json=reading, headers=bearer(got)).status_code == 201


def signed_in(house: RunningHouse, phone: Phone, **more: str) -> dict[str, Any]:
    started = house.begin(**more)
    phone.approve(started)
    return tokens(house.poll(started))


def said(got: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(got["access_token"], options={"verify_signature": False})
    return claims


def test_step_01_an_old_sign_in_is_refused_with_what_a_client_has_to_ask_for(house: RunningHouse, phone: Phone) -> None:
    got = signed_in(house, phone)
    add(house, got, "kitchen")
    answer = refused(delete(house, got, stream="kitchen"), "insufficient_user_authentication", 401)
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert re.findall(r'max_age="(\d+)"', challenge) == ["300"]
    assert answer.json()["max_age"] == 300, "for MQTT, where there are no headers"
    assert len(house.get("/api/readings", headers=bearer(got)).json()["readings"]) >= 1


def test_step_01_the_device_asks_for_a_new_sign_in_the_person_shows_the_password_and_it_works(
    house: RunningHouse, phone: Phone
) -> None:
    old = signed_in(house, phone)
    add(house, old, "hall")
    add(house, old, "bath")
    started = house.begin(max_age="300", acr_values=ACR_PASSWORD)
    page = phone.web.get(house.address + f"/D/{started['user_code'].replace('-', '')}", timeout=10)
    assert "/sign-in" in page.url, "signed in, but too long ago"
    house.clock.advance(5)
    page = phone.submit(page, username="ana", password=PASSWORD)
    phone.submit(page, decision="approve")
    got = tokens(house.poll(started))
    claims = said(got)
    assert (claims["auth_time"], claims["acr"]) == (house.clock() // 1_000, ACR_PASSWORD)
    assert claims["auth_time"] > said(old)["auth_time"]
    answer = delete(house, got, stream="hall")
    assert (answer.status_code, answer.json()) == (200, {"deleted": 1})
    left = house.get("/api/readings", headers=bearer(got)).json()["readings"]
    assert {"hall"} & {each["stream"] for each in left} == set()
    assert "bath" in {each["stream"] for each in left}
    house.clock.advance(301)
    assert delete(house, got).status_code == 401


def test_step_01_a_sign_in_that_is_young_enough_is_not_asked_for_again(house: RunningHouse) -> None:
    phone = Phone(house)
    phone.open(house.begin())
    house.clock.advance(30)
    page = phone.open(house.begin(max_age="60"))
    assert "/sign-in" not in page.url
    assert 'value="approve"' in page.text


def test_step_01_no_trick_on_the_page_gets_a_token_with_the_old_time(house: RunningHouse, phone: Phone) -> None:
    started = house.begin(max_age="0")
    code = started["user_code"].replace("-", "")
    page = phone.web.get(house.address + "/devices", timeout=10).text
    token = Forms(page).with_control("form_token").fields["form_token"]
    for _ in range(2):
        phone.web.post(
            f"{house.address}/D/{code}",
            {"decision": "approve", "form_token": token},
            headers={"Origin": house.address},
            timeout=10,
        )
    phone.web.get(f"{house.address}/sign-in?code={code}", timeout=10)
    house.clock.advance(6)
    assert is_undecided(house, started)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"acr_values": "phr"}, "unmet_authentication_requirements"),
        ({"acr_values": "x" * 600}, "invalid_request"),
    ],
)
def test_step_01_what_cannot_be_met_is_refused_before_a_code_is_shown(
    house: RunningHouse, more: dict[str, str], error: str
) -> None:
    refused(house.post("/device_authorization", {"client_id": "tv", **more}), error)


def test_step_01_the_authorization_endpoint_takes_the_same(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    browser = phone.web
    refusal = came_back(app.ask(browser, acr_values="phr phrh"))
    assert (refusal["error"], refusal["state"]) == ("unmet_authentication_requirements", "s-1")
    page = app.ask(browser, acr_values=f"phr {ACR_PASSWORD}", max_age="300")
    assert "/sign-in" in page.url
    house.clock.advance(2)
    got = tokens(app.redeem(came_back(decide(phone, page))["code"]))
    claims = jwt.decode(got["id_token"], options={"verify_signature": False})
    assert (claims["acr"], claims["auth_time"]) == (ACR_PASSWORD, house.clock() // 1_000)
    known = house.get("/.well-known/openid-configuration").json()["acr_values_supported"]
    assert ACR_PASSWORD in known
    assert "phr" not in known


def test_step_01_a_back_end_that_acts_for_nobody_cannot_meet_it(house: RunningHouse) -> None:
    house.add_client("job", secret="s" * 40, grants=("client_credentials",))
    form = {"grant_type": "client_credentials", "scope": "readings:write"}
    got = tokens(house.post("/token", form, auth=("job", "s" * 40)))
    refused(delete(house, got), "insufficient_user_authentication", 401)


def test_step_01_a_refresh_does_not_make_a_sign_in_younger(house: RunningHouse) -> None:
    got = house.sign_in()
    house.clock.advance(301)
    fresh = tokens(house.refresh(got))
    assert said(fresh)["auth_time"] == said(got)["auth_time"]
    refused(delete(house, fresh), "insufficient_user_authentication", 401)
