"""RFC 8628 section 3.4 and 3.5: the device asks, on a clock that the test moves."""

import random
from typing import Any

import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.cases import load
from tests.conformance.wire import is_undecided, poll_as, refused, send, tokens
from tests.forms import Forms
from tests.house import SECRET, Phone, RunningHouse

TABLE = load("state_table")["rows"]


@pytest.mark.parametrize("column", ["on_time", "early", "other_client", "expired"])
@pytest.mark.parametrize("state", TABLE)
def test_the_state_table_over_http(house: RunningHouse, ana: Phone, state: str, column: str) -> None:
    started = house.begin()
    if state == "unknown":
        started["device_code"] = "no-such-code"
    house.poll(started)
    if state in ("approved", "redeemed"):
        ana.approve(started)
    if state == "redeemed":
        tokens(house.poll(started))
    if state == "denied":
        ana.deny(started)
    house.clock.advance({"on_time": 5, "expired": started["expires_in"]}.get(column, 1))
    answer = house.poll(started, "radio" if column == "other_client" else "tv")
    expected = TABLE[state][column]
    if expected == "tokens":
        tokens(answer)
    else:
        refused(answer, expected)


def test_dev_20_the_grant_type_is_the_very_urn(house: RunningHouse, started: dict[str, Any]) -> None:
    code, client = ("device_code", started["device_code"]), ("client_id", "tv")
    refused(send(house, "/token", [("grant_type", GRANT_TYPE), client]), "invalid_request")
    refused(send(house, "/token", [code, client]), "invalid_request")
    for wrong in ("device_code", GRANT_TYPE.upper(), f" {GRANT_TYPE}", GRANT_TYPE + "/"):
        refused(send(house, "/token", [("grant_type", wrong), code, client]), "unsupported_grant_type")


def test_dev_21_only_the_client_that_got_the_code_can_use_it(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    refused(house.poll(started), "authorization_pending")
    for _ in range(5):
        refused(house.poll(started, "radio"), "invalid_grant")
        refused(poll_as(house, started, SECRET), "invalid_grant")
    house.clock.advance(5)  # neither the interval nor the last poll of `tv` has moved
    refused(house.poll(started), "authorization_pending")
    ana.approve(started)
    for _ in range(3):
        refused(house.poll(started, "radio"), "invalid_grant")
    assert tokens(house.poll(started))["access_token"]


def test_dev_22_a_client_with_a_secret_shows_it_at_every_poll(house: RunningHouse, ana: Phone) -> None:
    started = house.post("/device_authorization", {"client_id": "backend", "client_secret": SECRET}).json()
    refused(house.poll(started, "backend"), "invalid_client", 401)
    refused(poll_as(house, started, SECRET), "authorization_pending")
    ana.approve(started)
    refused(house.poll(started, "backend"), "invalid_client", 401)
    refused(poll_as(house, started, "wrong"), "invalid_client", 401)
    assert tokens(poll_as(house, started, SECRET))["access_token"]


def test_dev_23_undecided_is_400_authorization_pending(house: RunningHouse, started: dict[str, Any]) -> None:
    for _ in range(3):
        refused(house.poll(started), "authorization_pending", 400)
        house.clock.advance(5)


def test_dev_24_too_fast_is_slow_down_and_the_interval_stays_raised(
    house: RunningHouse, started: dict[str, Any]
) -> None:
    refused(house.poll(started), "authorization_pending")
    house.clock.advance(1)
    assert refused(house.poll(started), "slow_down").json()["interval"] == 10
    house.clock.advance(10)
    refused(house.poll(started), "authorization_pending")
    house.clock.advance(6)
    assert refused(house.poll(started), "slow_down").json()["interval"] == 15


@pytest.mark.parametrize("story", load("pace")["stories"], ids=lambda story: story["name"])
def test_dev_24_the_pace_over_http(house: RunningHouse, started: dict[str, Any], story: dict[str, Any]) -> None:
    begun = house.clock.ahead
    for at, told in story["polls"]:
        house.clock.ahead = begun + at
        answer = refused(house.poll(started), "slow_down" if told else "authorization_pending")
        assert answer.json().get("interval", 0) == told
    house.clock.ahead = begun + max(at for at, _ in story["polls"])


def test_dev_25_the_first_poll_is_never_too_early(house: RunningHouse, started: dict[str, Any]) -> None:
    refused(house.poll(started), "authorization_pending")


def test_dev_25_latency_is_not_impatience(house: RunningHouse, started: dict[str, Any]) -> None:
    begun, chance = house.clock.ahead, random.Random(8628)
    for number in range(100):
        house.clock.ahead = begun + number * 5_000 + chance.randint(0, 800)
        refused(house.poll(started), "authorization_pending")


@pytest.mark.parametrize("impatience", [1, 5, 30])
def test_dev_25_a_client_that_obeys_recovers_within_two_polls(
    house: RunningHouse, started: dict[str, Any], impatience: int
) -> None:
    interval, refusals = 5, 0
    house.poll(started)
    for _ in range(impatience):
        interval = refused(house.poll(started), "slow_down").json()["interval"]
    for _ in range(4):
        house.clock.advance(interval)
        answer = house.poll(started).json()
        refusals += answer["error"] == "slow_down"
        interval = answer.get("interval", interval)
    assert refusals <= 2
    assert answer["error"] == "authorization_pending"


def test_dev_26_slow_down_says_the_interval_to_keep_five_more_each_time(
    house: RunningHouse, started: dict[str, Any]
) -> None:
    house.poll(started)
    told = [refused(house.poll(started), "slow_down").json()["interval"] for _ in range(13)]
    assert told == [10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 60, 60]


def test_dev_27_no_is_no_for_good(house: RunningHouse, ana: Phone, ben: Phone, started: dict[str, Any]) -> None:
    pages = {ben: ben.open(house.begin()), ana: ana.open(started)}
    ana.deny(started)
    refused(house.poll(started), "access_denied")
    refused(house.poll(started), "access_denied")
    assert "Stopped" in ana.submit(pages[ana], decision="approve").text
    form = Forms(pages[ben].text).with_control("decision").fields | {"decision": "approve"}
    assert ben.web.post(started["verification_uri_complete"], form, timeout=10).status_code == 409
    refused(house.poll(started), "access_denied")


def test_dev_28_what_nobody_decided_expires(house: RunningHouse, started: dict[str, Any]) -> None:
    house.poll(started)
    house.clock.advance(started["expires_in"] - 0.001)
    refused(house.poll(started), "authorization_pending")
    house.clock.advance(0.001)
    refused(house.poll(started), "expired_token")
    refused(house.poll(started), "expired_token")


def test_dev_28_what_was_approved_and_not_collected_expires_too(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    issued, begun = house.get("/health").json()["tokens_issued"], house.app.house.now()
    house.clock.advance(started["expires_in"] - 1)
    ana.approve(started)  # an opened code lives five minutes more
    house.clock.advance(299)
    assert house.app.house.now() < begun + 900_000
    house.clock.advance(2)
    refused(house.poll(started), "expired_token")
    assert house.get("/health").json()["tokens_issued"] == issued


def test_dev_29_what_ended_a_sign_in_stays_its_answer(house: RunningHouse, ana: Phone) -> None:
    """A client that goes on after a final error is told the same, and nothing it can do revives the sign-in."""
    denied, used = house.begin(), house.begin()
    ana.deny(denied)
    ana.approve(used)
    tokens(house.poll(used))
    for _ in range(3):
        refused(house.poll(denied), "access_denied")
        refused(house.poll(used), "invalid_grant")
        refused(house.poll({"device_code": "garbage"}), "invalid_grant")
        refused(house.poll(denied, "nobody"), "invalid_client", 401)
        house.clock.advance(1)


def test_dev_30_a_client_that_backs_off_finds_everything_as_it_was(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    for pause in (5, 10, 20, 40, 80, 160):
        assert is_undecided(house, started)
        house.clock.advance(pause)
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"], "client_id": "tv"}
    with pytest.raises(requests.Timeout):  # an answer that was lost costs nothing
        house.web.post(house.issuer + "/token", form, headers={"Prefer": "wait=30"}, timeout=0.2)
    ana.approve(started)
    assert tokens(house.poll(started))["access_token"]
