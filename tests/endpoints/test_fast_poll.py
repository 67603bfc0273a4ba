"""The fast path in front of the router: the same bytes as the token endpoint, for exactly the polls it may answer."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, event

from server.endpoints.fast_poll import FastPoll
from server.live.sign_in import MOST_WAYS, SignIn
from server.oauth.device import GRANT_TYPE
from server.oauth.store import News
from tests.conformance.wire import StoppedClock
from tests.endpoints.raw import FORM, Answer, Wire, chunked, request
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house

BESIDE = "Prefer: respond-async"  # asks for nothing we do, but more than the body matters: the ordinary endpoint


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("house"), clock=StoppedClock()) as running:
        yield furnish(running)


@pytest.fixture(scope="module")
def phone(house: RunningHouse) -> Phone:
    phone = Phone(house)
    phone.open(house.begin())
    return phone


@pytest.fixture
def wire(house: RunningHouse) -> Iterator[Wire]:
    with Wire(house) as connection:
        yield connection


def body_of(started: dict[str, Any], client_id: str = "tv") -> bytes:
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"], "client_id": client_id}
    return urlencode(form).encode()


def poll(wire: Wire, started: dict[str, Any], *headers: str, path: str = "/token") -> Answer:
    return wire.ask(request("POST", path, FORM, *headers, body=body_of(started)))


def entry_of(house: RunningHouse, started: dict[str, Any]) -> SignIn:
    return house.app.house.sign_ins.by_body[sha256(body_of(started)).digest()]


def fast_polls(house: RunningHouse) -> int:
    """How many polls the fast path alone has answered."""
    count: int = house.app.house.counts.pending_polls
    return count


def remembered(house: RunningHouse, wire: Wire) -> dict[str, Any]:
    """A sign-in whose next poll may take the fast path."""
    started = house.begin()
    assert b"authorization_pending" in poll(wire, started).body
    before = fast_polls(house)
    house.clock.advance(5)
    assert b"authorization_pending" in poll(wire, started).body
    assert fast_polls(house) == before + 1
    return started


def test_pending_and_slow_down_are_the_same_bytes_either_way(house: RunningHouse, wire: Wire) -> None:
    fast, ordinary = remembered(house, wire), remembered(house, wire)
    pauses = [5, 0, 0, 15, 1, *([0] * 12), 60]
    for pause in pauses:
        house.clock.advance(pause)
        before = fast_polls(house)
        one = poll(wire, fast)
        assert fast_polls(house) == before + 1
        other = poll(wire, ordinary, BESIDE)
        assert fast_polls(house) == before + 1
        assert (one.status, one.told, one.body) == (other.status, other.told, other.body)
        assert one.status == 400


@pytest.mark.parametrize("decision", ["approved", "denied", "expired", "redeemed"])
def test_a_settled_sign_in_is_the_ordinary_endpoints(
    house: RunningHouse, phone: Phone, wire: Wire, decision: str
) -> None:
    started = remembered(house, wire)
    if decision == "denied":
        phone.deny(started)
    elif decision == "expired":
        house.clock.advance(started["expires_in"])
    else:
        phone.approve(started)
    if decision == "redeemed":
        assert poll(wire, started).status == 200
    before = fast_polls(house)
    answer = poll(wire, started)
    expected = {"approved": b"access_token", "denied": b"access_denied", "expired": b"expired_token"}
    assert expected.get(decision, b"invalid_grant") in answer.body
    if decision != "approved":
        other = poll(wire, started, BESIDE)
        assert (answer.status, answer.told, answer.body) == (other.status, other.told, other.body)
    assert fast_polls(house) == before


@pytest.mark.parametrize(
    ("headers", "status", "word"),
    [
        (("Authorization: Basic dHY6eA==",), 401, b"invalid_client"),
        (("Authorization: Bearer x",), 401, b"invalid_client"),
        (("Prefer: respond-async",), 400, b"authorization_pending"),
        (("DPoP: not-a-proof",), 400, b"invalid_dpop_proof"),
        (("DPoP: a", "DPoP: b"), 400, b"invalid_dpop_proof"),
    ],
)
def test_a_header_that_matters_goes_the_ordinary_way(
    house: RunningHouse, wire: Wire, headers: tuple[str, ...], status: int, word: bytes
) -> None:
    started = remembered(house, wire)
    house.clock.advance(5)
    before = fast_polls(house)
    answer = poll(wire, started, *headers)
    assert (answer.status, word in answer.body) == (status, True), answer
    assert fast_polls(house) == before


@pytest.mark.parametrize(
    ("types", "status"),
    [
        (["text/plain"], 415),
        ([], 415),
        (["application/json"], 415),
        (["text/plain", "application/x-www-form-urlencoded"], 415),
        (["application/x-www-form-urlencoded", "text/plain"], 400),
        (["application/x-www-form-urlencoded; charset=x"], 400),
    ],
)
def test_another_type_goes_the_ordinary_way(house: RunningHouse, wire: Wire, types: list[str], status: int) -> None:
    started = remembered(house, wire)
    house.clock.advance(5)
    before = fast_polls(house)
    lines = [f"Content-Type: {each}" for each in types]
    assert wire.ask(request("POST", "/token", *lines, body=body_of(started))).status == status
    assert fast_polls(house) == before


@pytest.mark.parametrize(
    "types", ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded"]
)
def test_the_usual_spellings_of_the_type_are_fast(house: RunningHouse, wire: Wire, types: str) -> None:
    started = remembered(house, wire)
    before = fast_polls(house)
    assert wire.ask(request("POST", "/token", f"Content-Type: {types}", body=body_of(started))).status == 400
    assert fast_polls(house) == before + 1


def test_a_split_body_another_path_or_a_query_go_the_ordinary_way(house: RunningHouse, wire: Wire) -> None:
    started = remembered(house, wire)
    before, body = fast_polls(house), body_of(started)
    house.clock.advance(5)
    wire.send(request("POST", "/token", FORM, f"Content-Length: {len(body)}") + body[:10])
    time.sleep(0.05)  # so that it comes in two pieces
    wire.send(body[10:])
    assert b"authorization_pending" in wire.read().body
    house.clock.advance(5)
    parts = chunked(body[:20], body[20:])
    wire.send(request("POST", "/token", FORM, "Transfer-Encoding: chunked") + parts[:30])
    time.sleep(0.05)
    assert b"authorization_pending" in wire.ask(parts[30:]).body
    assert poll(wire, started, path="/token?x=y").status == 400
    assert poll(wire, started, path="/token/").status == 404
    assert wire.ask(request("PUT", "/token", FORM, body=body)).status == 405
    assert fast_polls(house) == before


def test_other_bodies_are_other_requests(house: RunningHouse, wire: Wire) -> None:
    started = remembered(house, wire)
    before = fast_polls(house)
    for body, word in (
        (body_of(started) + b"&", b"slow_down"),
        (body_of(started) + b"&client_id=tv", b"invalid_request"),
        (body_of(started, "radio"), b"invalid_grant"),
        (body_of(started, "nobody"), b"invalid_client"),
        (body_of(started) + b"&client_secret=x", b"invalid_client"),
    ):
        assert word in wire.ask(request("POST", "/token", FORM, body=body)).body
    assert fast_polls(house) == before


def test_a_client_with_a_secret_is_never_remembered(house: RunningHouse, wire: Wire) -> None:
    started = house.post("/device_authorization", {"client_id": "backend", "client_secret": SECRET}).json()
    before = fast_polls(house)
    body = body_of(started, "backend") + b"&client_secret=" + SECRET.encode()
    for _ in range(3):
        assert wire.ask(request("POST", "/token", FORM, body=body)).status == 400
        house.clock.advance(10)
    assert fast_polls(house) == before


def test_a_client_that_is_disabled_meanwhile_is_told_so(house: RunningHouse, wire: Wire) -> None:
    house.add_client("brief")
    started = house.begin("brief")
    body = body_of(started, "brief")

    def ask() -> Answer:
        return wire.ask(request("POST", "/token", FORM, body=body))

    ask()
    store = house.app.house.store
    client = house.do(store.find_client("brief"))
    assert client is not None
    house.do(store.change_client(replace(client, is_enabled=False)))
    assert b"unauthorized_client" in ask().body
    house.do(store.change_client(client))
    house.clock.advance(10)
    assert b"authorization_pending" in ask().body


def test_while_news_is_lost_nothing_is_answered_from_memory(house: RunningHouse, phone: Phone, wire: Wire) -> None:
    started = remembered(house, wire)

    async def hear(key: str = "") -> None:
        house.app.house.hear(News("lost", key))

    house.do(hear())
    try:
        before = fast_polls(house)
        house.clock.advance(5)
        assert house.get("/health").status_code == 503
        assert b"authorization_pending" in poll(wire, started).body
        assert fast_polls(house) == before
        phone.approve(started)
        assert b"access_token" in poll(wire, started).body
    finally:
        house.do(hear("found"))
        until(lambda: house.app.house.sign_ins.is_current)


def test_a_repeated_poll_is_answered_before_it_is_read(
    house: RunningHouse, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = remembered(house, wire)
    ordinary = poll(wire, started, BESIDE)
    before = fast_polls(house)

    async def never(*_: object) -> None:
        raise AssertionError("this poll was read as HTTP")

    with monkeypatch.context() as patch:
        patch.setattr(FastPoll, "__call__", never)
        answers = [poll(wire, started) for _ in range(3)]
    assert fast_polls(house) == before + 3
    poll(wire, started, "X-Another: way")
    with monkeypatch.context() as patch:
        patch.setattr(FastPoll, "__call__", never)
        answers += [poll(wire, started, "X-Another: way") for _ in range(3)]
    assert fast_polls(house) == before + 7
    assert list(house.app.house.sign_ins.by_wire.values()).count(entry_of(house, started)) == 1
    assert all(answer.told == ordinary.told or b"slow_down" in answer.body for answer in answers)
    assert answers[-1].headers[0] == ("date", answers[-1].header("date"))


def test_a_device_that_never_asks_twice_alike_is_not_remembered_for_ever(house: RunningHouse, wire: Wire) -> None:
    started = remembered(house, wire)
    for number in range(20):
        before = fast_polls(house)
        assert poll(wire, started, f"X-Request-Id: {number}").status == 400
        assert fast_polls(house) == before + 1
    assert entry_of(house, started).ways == MOST_WAYS


def test_a_poll_that_closes_its_connection_is_repeated_on_new_ones(house: RunningHouse) -> None:
    started = house.begin()
    for number in range(4):
        before = fast_polls(house)
        house.clock.advance(5)
        with Wire(house) as wire:
            answer = poll(wire, started, "Connection: close")
            assert (answer.status, answer.told[-1]) == (400, ("connection", "close"))
            assert b"authorization_pending" in answer.body
            assert wire.is_closed()
        assert fast_polls(house) == before + (number > 0)


def test_polls_that_come_together_or_in_parts_get_an_answer_each(house: RunningHouse, wire: Wire) -> None:
    started = house.begin()
    assert poll(wire, started).status == 400  # its body is remembered now, its bytes are not
    data = request("POST", "/token", FORM, body=body_of(started))
    ways = ((data * 3,), (data + data[:50], data[50:] + data), (data[:-1], data[-1:] + data[:1], data[1:]))
    for parts in ways * 2:
        for part in parts:
            wire.send(part)
            time.sleep(0.02)
        answers = [wire.read() for _ in range(len(b"".join(parts)) // len(data))]
        assert [answer.status for answer in answers] == [400] * len(answers)
        assert poll(wire, started).status == 400
    health = request("GET", "/health")
    wire.send(data + health)
    assert (wire.read().status, wire.read().status, wire.ask(health).status) == (400, 200, 200)


def test_what_is_remembered_is_forgotten_with_its_client_and_its_sign_in(house: RunningHouse, wire: Wire) -> None:
    sign_ins = house.app.house.sign_ins
    started = remembered(house, wire)
    assert sign_ins.by_wire
    client = house.do(house.app.house.store.find_client("tv"))
    assert client is not None
    house.do(house.app.house.store.change_client(client))
    assert not sign_ins.by_wire
    assert b"slow_down" in poll(wire, started).body
    poll(wire, started)
    assert sign_ins.by_wire
    house.clock.advance(started["expires_in"] + 301)
    sign_ins.sweep(house.clock())
    assert not sign_ins.by_wire
    assert b"invalid_grant" in poll(wire, started).body


def test_a_pending_poll_asks_the_database_nothing(house: RunningHouse, wire: Wire) -> None:
    started = remembered(house, wire)
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("PRAGMA"):  # the watch for other processes
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for headers in ((), (BESIDE,)):
            for _ in range(20):
                house.clock.advance(5)
                assert poll(wire, started, *headers).status == 400
        assert statements == []
        house.begin()
        assert statements  # the ear does hear
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_after_a_restart_the_first_poll_finds_the_sign_in_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, clock = tmp_path_factory.mktemp("house"), StoppedClock()
    with open_house(folder, clock=clock) as first, Wire(first) as wire:
        furnish(first)
        started = remembered(first, wire)
    with open_house(folder, clock=clock) as second, Wire(second) as wire:
        assert b"authorization_pending" in poll(wire, started).body  # how it polled is forgotten, it is not
        assert b"slow_down" in poll(wire, started).body
        assert fast_polls(second) == 1


def until(holds: Callable[[], bool]) -> None:
    """Wait, five seconds at most."""
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.005)
