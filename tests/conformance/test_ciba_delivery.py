"""Pings and pushes to a real server on the loopback: what they carry, what is tried again, what is not (CIBA)."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest

from server import notifications
from server.oauth.backchannel import BackchannelRequest
from server.oauth.event import Sought
from server.oauth.secret import digest
from server.signing.id_token import half_hash
from tests.conformance.backchannel import NOTIFICATION_TOKEN, App, add_app, answer, look, somebody
from tests.conformance.test_oidc import read
from tests.conformance.wire import StoppedClock, refused, tokens
from tests.dpop import Key
from tests.house import SECRET, Phone, RunningHouse, open_house
from tests.outbound_server import Asked, Elsewhere, Reply, open_elsewhere

AUTH_REQ_ID = "urn:openid:params:jwt:claim:auth_req_id"
RT_HASH = "urn:openid:params:jwt:claim:rt_hash"
TOKEN = {"client_notification_token": NOTIFICATION_TOKEN}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with open_elsewhere(tmp_path_factory.mktemp("elsewhere")) as place:
        yield place


def at_home(place: Elsewhere) -> dict[str, Any]:
    return {"outbound_private": True, "outbound_ca": place.ca, "prompts_per_hour": 100}


def add_apps(house: RunningHouse, place: Elsewhere) -> None:
    """`pinged` and `pushed`, and `pushed-once` without refresh tokens."""
    hears = {"backchannel_client_notification_endpoint": place.origin + "/hear"}
    add_app(house, "pinged", "ping", **hears)
    add_app(house, "pushed", "push", **hears)
    add_app(house, "pushed-once", "push", grants=("urn:openid:params:grant-type:ciba",), **hears)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("house"), clock=StoppedClock(), **at_home(elsewhere)) as running:
        add_apps(running, elsewhere)
        yield running


@pytest.fixture
def person(house: RunningHouse, elsewhere: Elsewhere) -> Iterator[Phone]:
    elsewhere.asked.clear()
    elsewhere.answer = None
    phone = somebody(house)
    yield phone
    phone.web.close()


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for what happens in the background."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def heard(place: Elsewhere, begun: dict[str, Any], count: int = 1) -> list[Asked]:
    """What was brought of this request; of others it may be told meanwhile that they have expired."""

    def of_it() -> list[Asked]:
        return [asked for asked in place.asked if begun["auth_req_id"].encode() in asked.body]

    until(lambda: len(of_it()) >= count)
    assert len(of_it()) == count
    return of_it()


def kept(house: RunningHouse, begun: dict[str, Any]) -> BackchannelRequest:
    found = house.do(house.app.house.store.find_backchannel(digest("auth_req_id", begun["auth_req_id"])))
    assert found is not None
    return found


def nothing_owed(house: RunningHouse, begun: dict[str, Any]) -> None:
    """Wait until nothing more is owed of this request."""
    until(lambda: kept(house, begun).due_at is None)


def put_off(house: RunningHouse, begun: dict[str, Any], pause: int) -> None:
    """Wait until it was put off by so many seconds, and let them pass."""
    until(lambda: kept(house, begun).due_at in (None, house.clock() + pause * 1_000))
    house.clock.advance(pause)
    wake(house)


def wake(house: RunningHouse) -> None:
    house.loop.call_soon_threadsafe(house.app.notifications.wake)


def status(*statuses: int) -> Callable[[Asked], Reply]:
    """Answer with these, one after another; then with the last."""
    left = list(statuses)

    def reply(_: Asked) -> Reply:
        return (left.pop(0) if len(left) > 1 else left[0]), {}, b""

    return reply


@pytest.mark.parametrize("token", [None, "short", "x" * 1_025, "not bearer syntax, however long"])
@pytest.mark.parametrize("client_id", ["pinged", "pushed"])
def test_ciba_07_a_notification_token_where_one_is_needed(
    house: RunningHouse, person: Phone, client_id: str, token: str | None
) -> None:
    refused(App(house, client_id).ask(person, client_notification_token=token), "invalid_request")


def test_ciba_08_a_push_client_is_told_no_interval(house: RunningHouse, person: Phone) -> None:
    assert App(house, "pushed").begin(person, **TOKEN).keys() == {"auth_req_id", "expires_in"}
    assert App(house, "pinged").begin(person, **TOKEN)["interval"] == 5


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_ciba_10_and_12_a_push_client_may_not_ask_for_tokens(
    house: RunningHouse, person: Phone, decision: str, elsewhere: Elsewhere
) -> None:
    app = App(house, "pushed")
    begun = app.begin(person, **TOKEN)
    refused(app.poll(begun), "unauthorized_client")
    answer(person, decision)
    heard(elsewhere, begun)
    refused(app.poll(begun), "unauthorized_client")


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_ciba_11_a_ping_says_that_there_is_an_answer_and_no_more(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere, decision: str
) -> None:
    elsewhere.answer = status(204)
    app = App(house, "pinged")
    begun = app.begin(person, **TOKEN)
    assert elsewhere.asked == []
    answer(person, decision)
    (ping,) = heard(elsewhere, begun)
    assert (ping.method, ping.path) == ("POST", "/hear")
    assert ping.headers["authorization"] == f"Bearer {NOTIFICATION_TOKEN}"
    assert ping.headers["content-type"] == "application/json"
    assert json.loads(ping.body) == {"auth_req_id": begun["auth_req_id"]}
    if decision == "approve":
        assert tokens(app.poll(begun))
    else:
        refused(app.poll(begun), "access_denied")


def test_ciba_11_a_redirect_is_not_followed_nor_asked_again(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere
) -> None:
    elsewhere.answer = lambda _: (302, {"location": elsewhere.origin + "/elsewhere"}, b"")
    begun = App(house, "pinged").begin(person, **TOKEN)
    answer(person)
    heard(elsewhere, begun)
    nothing_owed(house, begun)
    house.clock.advance(60)
    wake(house)
    assert [asked.path for asked in heard(elsewhere, begun)] == ["/hear"]
    assert {asked.path for asked in elsewhere.asked} == {"/hear"}


def test_ciba_11_what_fails_is_tried_again_later_and_not_for_ever(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere
) -> None:
    elsewhere.answer = status(500)
    begun = App(house, "pinged").begin(person, **TOKEN)
    answer(person)
    for attempt, pause in enumerate((2, 10, 60, 300, 3_600), 1):
        heard(elsewhere, begun, attempt)
        put_off(house, begun, pause)
    heard(elsewhere, begun, 5)
    nothing_owed(house, begun)


def test_ciba_11_a_200_with_a_body_is_taken_too(house: RunningHouse, person: Phone, elsewhere: Elsewhere) -> None:
    elsewhere.answer = lambda _: (200, {}, b"{not even JSON")
    begun = App(house, "pinged").begin(person, **TOKEN)
    answer(person)
    heard(elsewhere, begun)
    nothing_owed(house, begun)


def pushed(elsewhere: Elsewhere, begun: dict[str, Any], count: int = 1) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(heard(elsewhere, begun, count)[-1].body)
    return said


def test_ciba_12_pushed_tokens_are_bound_together(house: RunningHouse, person: Phone, elsewhere: Elsewhere) -> None:
    begun = App(house, "pushed").begin(person, **TOKEN)
    answer(person)
    said = pushed(elsewhere, begun)
    assert heard(elsewhere, begun)[0].headers["authorization"] == f"Bearer {NOTIFICATION_TOKEN}"
    assert said["auth_req_id"] == begun["auth_req_id"]
    assert (said["token_type"], said["expires_in"]) == ("Bearer", 900)
    claims = read(house, said["id_token"], "pushed")
    assert claims["sub"] == f"account-{person.username}"
    assert claims["at_hash"] == half_hash(said["access_token"])
    assert claims[RT_HASH] == half_hash(said["refresh_token"])
    assert claims[AUTH_REQ_ID] == begun["auth_req_id"]
    assert house.me(said).status_code == 200
    fresh = {"grant_type": "refresh_token", "refresh_token": said["refresh_token"]}
    assert house.post("/token", fresh, auth=("pushed", SECRET)).status_code == 200


def test_ciba_12_without_a_refresh_token_there_is_no_hash_of_one(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere
) -> None:
    begun = App(house, "pushed-once").begin(person, **TOKEN)
    answer(person)
    said = pushed(elsewhere, begun)
    assert "refresh_token" not in said
    assert RT_HASH not in read(house, said["id_token"], "pushed-once")


def test_ciba_12_no_and_too_late_are_pushed_as_errors(house: RunningHouse, person: Phone, elsewhere: Elsewhere) -> None:
    app = App(house, "pushed")
    begun = app.begin(person, **TOKEN)
    answer(person, "deny")
    said = pushed(elsewhere, begun)
    assert (said["error"], said["auth_req_id"]) == ("access_denied", begun["auth_req_id"])
    assert not {"access_token", "id_token"} & said.keys()
    elsewhere.asked.clear()
    begun = app.begin(person, **TOKEN)
    house.clock.advance(300)
    wake(house)
    said = pushed(elsewhere, begun)
    assert (said["error"], said["auth_req_id"]) == ("expired_token", begun["auth_req_id"])


def test_ciba_12_whoever_is_disabled_meanwhile_gets_no_tokens(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere
) -> None:
    elsewhere.answer = status(500, 204)
    begun = App(house, "pushed").begin(person, **TOKEN)
    answer(person)
    heard(elsewhere, begun)
    store = house.app.house.store
    account = house.do(store.find_account(f"account-{person.username}"))
    assert account is not None
    house.do(store.change_account(replace(account, is_enabled=False)))
    put_off(house, begun, 2)
    assert pushed(elsewhere, begun, 2)["error"] == "transaction_failed"


def test_ciba_12_whoever_is_disabled_while_the_tokens_are_made_gets_none(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, store, real = App(house, "pushed").begin(person, **TOKEN), house.app.house.store, notifications.seal

    def disable_meanwhile(text: str, secret: str) -> str:
        account = house.do(store.find_account(f"account-{person.username}"))
        assert account is not None
        house.do(store.change_account(replace(account, is_enabled=False)))
        return real(text, secret)

    monkeypatch.setattr(notifications, "seal", disable_meanwhile)
    answer(person)
    assert pushed(elsewhere, begun)["error"] == "transaction_failed"
    assert families(house, person)[0].ended_at is not None


def test_ciba_12_a_second_attempt_brings_the_same_refresh_token(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere
) -> None:
    elsewhere.answer = status(503, 204)
    begun = App(house, "pushed").begin(person, **TOKEN)
    answer(person)
    first = pushed(elsewhere, begun)
    put_off(house, begun, 2)
    second = pushed(elsewhere, begun, 2)
    assert second["refresh_token"] == first["refresh_token"]
    assert len(families(house, person)) == 1
    assert house.me(second).status_code == 200


@pytest.mark.parametrize("replies", [400, 500])
def test_ciba_12_tokens_that_reach_nobody_do_not_live(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere, replies: int
) -> None:
    elsewhere.answer = status(replies)
    begun = App(house, "pushed").begin(person, **TOKEN)
    answer(person)
    said = pushed(elsewhere, begun)
    for attempt, pause in enumerate((2, 10, 60, 300), 2):
        if replies == 500:
            put_off(house, begun, pause)
            said = pushed(elsewhere, begun, attempt)
    until(lambda: families(house, person)[0].ended_at is not None)
    nothing_owed(house, begun)
    assert house.me(said).status_code == 401


def families(house: RunningHouse, person: Phone) -> list[Any]:
    return list(house.do(house.app.house.store.families(f"account-{person.username}")))


@pytest.mark.parametrize("address", ["https://169.254.169.254/h", "https://localhost:1/h"])
def test_ciba_14_no_notification_goes_into_our_own_network(tmp_path: Path, elsewhere: Elsewhere, address: str) -> None:
    elsewhere.asked.clear()
    with open_house(tmp_path, clock=StoppedClock(), outbound_ca=elsewhere.ca) as house:
        add_app(house, "inward", "ping", backchannel_client_notification_endpoint=address)
        add_app(house, "loopback", "ping", backchannel_client_notification_endpoint=elsewhere.origin + "/hear")
        phone = somebody(house)
        for client_id in ("inward", "loopback"):
            begun = App(house, client_id).begin(phone, **TOKEN)
            answer(phone)
            until(lambda begun=begun: kept(house, begun).due_at == house.clock() + 2_000)  # type: ignore[misc]
        assert elsewhere.asked == []
        phone.web.close()


@pytest.mark.parametrize("key_secret", ["", "a secret of sixteen characters or more"])
@pytest.mark.parametrize("client_id", ["pinged", "pushed"])
def test_ciba_11_and_12_a_restart_between_answer_and_notification_loses_nothing(
    tmp_path: Path, elsewhere: Elsewhere, client_id: str, key_secret: str
) -> None:
    elsewhere.asked.clear()
    elsewhere.answer = status(204)
    clock = StoppedClock()
    settings = at_home(elsewhere) | {"clock": clock, "key_secret": key_secret, "issuer": "http://127.0.0.1:1"}
    with open_house(tmp_path, **settings) as house:
        add_apps(house, elsewhere)
        house.loop.call_soon_threadsafe(_stop, house)
        phone = somebody(house)
        begun = App(house, client_id).begin(phone, **TOKEN)
        page = look(phone)
        assert phone.submit(page, decision="approve").status_code == 200
        assert elsewhere.asked == []
        phone.web.close()
        if key_secret:
            assert begun["auth_req_id"].encode() not in (tmp_path / "porchlight.db").read_bytes()
    with open_house(tmp_path, **settings) as house:
        (notified,) = heard(elsewhere, begun)
        assert json.loads(notified.body)["auth_req_id"] == begun["auth_req_id"]
        nothing_owed(house, begun)
    with open_house(tmp_path, **settings) as house:
        wake(house)
        assert len(families(house, phone)) == (client_id == "pushed")
    heard(elsewhere, begun)  # once


def _stop(house: RunningHouse) -> None:
    """As if the server had been killed before it came to it."""
    work = house.app.notifications._work
    assert work is not None
    work.cancel()


def test_ciba_12_pushed_tokens_are_for_the_key_that_asked(
    house: RunningHouse, person: Phone, elsewhere: Elsewhere
) -> None:
    key = Key()
    form = {"scope": "openid", "login_hint": person.username, **TOKEN}
    headers = {"DPoP": key.proof("POST", house.issuer + "/bc-authorize", house.clock())}
    begun = house.post("/bc-authorize", form, auth=("pushed", SECRET), headers=headers).json()
    answer(person)
    said = pushed(elsewhere, begun)
    assert said["token_type"] == "DPoP"
    claims = jwt.decode(said["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"jkt": key.jkt}


def test_each_step_is_an_event_of_the_audit(house: RunningHouse, person: Phone, elsewhere: Elsewhere) -> None:
    begun = App(house, "pushed").begin(person, **TOKEN)
    answer(person)
    pushed(elsewhere, begun)
    nothing_owed(house, begun)
    found = house.do(house.app.house.store.events(Sought(account_id=f"account-{person.username}"), 9))
    told = [(each.event.what, each.event.actor, each.event.client_id) for each in reversed(found)]
    assert [each for each in told if each[0] != "signed_in"] == [
        ("asked", "client", "pushed"),
        ("approved", "person", "pushed"),
        ("issued", "client", "pushed"),
    ]
