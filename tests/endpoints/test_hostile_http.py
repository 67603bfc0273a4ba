"""What is hardly HTTP: heads without end, half requests, slow ones, pipelines; others are served meanwhile."""

import time

import pytest

from tests.endpoints.raw import COUNTER, FORM, Wire, form_post, is_plain_refusal, request
from tests.house import RunningHouse

pytestmark = pytest.mark.usefixtures("nothing_is_lost")

BROKEN_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a plain port
    b"GET\r\n\r\n",
    b"FOO /token HTTP/1.1\r\n\r\n",
    b"POST /token HTTP/9.9\r\nHost: x\r\n\r\n",
    b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /token HTTP/1.1\r\nHo st: x\r\n\r\n",
    b"GET /token HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
    b"\x00" * 100,
    b"\r\n" * 100 + b"X",
]


def test_what_is_no_http_is_refused_or_closed(house: RunningHouse) -> None:
    for data in BROKEN_HTTP:
        with Wire(house) as wire:
            wire.send(data)
            try:
                answer = wire.read()
            except ConnectionError:
                continue
            assert 400 <= answer.status < 500, data
            assert b"<" not in answer.body


@pytest.mark.parametrize(
    "path", ["*", "http://evil.example/token", "//evil.example/token", "/token/../token", "/%74oken", "/TOKEN"]
)
def test_odd_targets_are_answered_plainly(house: RunningHouse, path: str) -> None:
    with Wire(house) as wire:
        try:
            answer = wire.ask(form_post(path, b"grant_type=foo&client_id=tv"))
        except ConnectionError:
            return
        assert 400 <= answer.status < 500
        assert b"evil" not in answer.body


def test_a_request_in_the_query_and_not_in_the_body(house: RunningHouse) -> None:
    for path in COUNTER:
        with Wire(house) as wire:
            is_plain_refusal(wire.ask(form_post(path + "?client_id=tv&token=x&grant_type=x", b"client_id=tv")), 400)
            is_plain_refusal(wire.ask(form_post(path + "?%00%ff%zz", b"client_id=tv")), 400)


@pytest.mark.parametrize("line", [b"X-Flood: " + b"y" * 1_000 + b"\r\n", b"y" * 1_000], ids=["many", "one"])
@pytest.mark.parametrize(
    "begun", [b"POST /token HTTP/1.1\r\nHost: x\r\nX-Flood: ", b"GET /"], ids=["headers", "target"]
)
def test_a_head_without_end_is_cut_off(house: RunningHouse, begun: bytes, line: bytes) -> None:
    with Wire(house) as wire:
        wire.send(begun)
        assert wire.is_cut_off(line * 20, 20_000_000)


@pytest.mark.parametrize("count", [100, 60])
def test_many_headers_within_reason_are_read(house: RunningHouse, count: int) -> None:
    lines = [f"X-{number}: {'y' * 100}" for number in range(count)]
    with Wire(house) as wire:
        assert wire.ask(form_post("/device_authorization", b"client_id=tv", *lines)).status == 200


def test_requests_in_a_pipeline_are_answered_in_order(house: RunningHouse) -> None:
    with Wire(house) as wire:
        wire.send(
            form_post("/device_authorization", b"client_id=tv")
            + request("GET", "/token")
            + form_post("/token", b"grant_type=foo&client_id=tv")
            + form_post("/device_authorization", b"client_id=tv")
        )
        assert [wire.read().status for _ in range(4)] == [200, 405, 400, 200]


def test_slow_and_half_open_connections_hold_nobody_up(house: RunningHouse) -> None:
    """A hundred connections stop in the middle of a request; one sends byte by byte; others are served at once."""
    begun = form_post("/device_authorization", b"client_id=tv")
    wires = [Wire(house).__enter__() for _ in range(100)]
    try:
        for number, wire in enumerate(wires):
            wire.send(begun[: 20 + number])
        asked_at = time.monotonic()
        started = house.begin()
        assert house.poll(started).status_code == 400
        assert time.monotonic() - asked_at < 2
        for place in range(20, len(begun)):
            wires[0].send(begun[place : place + 1])
        assert wires[0].read().status == 200
    finally:
        for wire in wires:
            wire.close()


def test_a_connection_that_ends_in_the_middle_of_its_body_begins_nothing(house: RunningHouse) -> None:
    before = house.get("/health").json()["sign_ins_started"]
    for _ in range(20):
        with Wire(house) as wire:
            wire.send(request("POST", "/device_authorization", FORM, "Content-Length: 100", body=b"client_id=tv"))
    assert house.get("/health").json()["sign_ins_started"] == before
