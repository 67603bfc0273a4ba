"""Broken, huge and odd requests: a clear refusal, never a 5xx, never a page from the counter, and nothing is lost."""

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest

from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import StoppedClock
from tests.endpoints.raw import FORM, Answer, Wire, chunked, request
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house

COUNTER = ("/token", "/device_authorization", "/revoke", "/introspect")
BASIC = "Authorization: Basic " + base64.b64encode(f"backend:{SECRET}".encode()).decode()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    with open_house(
        tmp_path_factory.mktemp("house"), clock=StoppedClock(), database_url=url, tries_per_network=1_000
    ) as running:
        yield furnish(running)


@pytest.fixture(scope="module")
def phone(house: RunningHouse) -> Phone:
    phone = Phone(house)
    phone.open(house.begin())
    return phone


@pytest.fixture(autouse=True)
def nothing_is_lost(house: RunningHouse, phone: Phone) -> Iterator[None]:
    """Around every test: a sign-in that was in progress before it completes after it."""
    started = house.begin()
    house.poll(started)
    yield
    phone.approve(started)
    answer = house.poll(started)
    assert answer.status_code == 200, answer.text


def form_post(path: str, body: bytes, *headers: str) -> bytes:
    return request("POST", path, FORM, *headers, body=body)


def is_plain_refusal(answer: Answer, *statuses: int) -> None:
    """JSON of RFC 6749 section 5.2, or a bare 400 of the HTTP parser; never a page, never ours to blame."""
    assert answer.status in (statuses or range(400, 500)), answer
    assert b"<" not in answer.body
    if answer.header("content-type") == "application/json":
        assert json.loads(answer.body)["error"]
        assert "no-store" in answer.header("cache-control")
    else:
        assert (answer.status, answer.header("connection")) == (400, "close")


@pytest.mark.parametrize("path", COUNTER)
def test_a_body_above_16_kib_is_refused_when_it_begins(house: RunningHouse, path: str) -> None:
    """Whoever sends the rest all the same finds the connection in order."""
    with Wire(house) as wire:
        wire.send(request("POST", path, FORM, "Content-Length: 20000") + b"x=")
        is_plain_refusal(wire.read(), 413)
        wire.send(b"y" * 19_998)
        assert wire.ask(form_post("/device_authorization", b"client_id=tv")).status == 200


@pytest.mark.parametrize("path", COUNTER)
def test_a_body_above_16_kib_is_refused_when_it_was_not_announced(house: RunningHouse, path: str) -> None:
    parts = [b"x=" + b"y" * 1_000] * 20
    with Wire(house) as wire:
        is_plain_refusal(wire.ask(request("POST", path, FORM, "Transfer-Encoding: chunked", body=chunked(*parts))), 413)


def test_the_largest_body_that_is_read_leaves_the_connection_open(house: RunningHouse) -> None:
    body = b"client_id=tv&x=" + b"y" * (16_384 - 15)
    with Wire(house) as wire:
        assert wire.ask(form_post("/device_authorization", body)).status == 200
        is_plain_refusal(wire.ask(form_post("/device_authorization", body + b"y")), 413)
    with Wire(house) as wire:
        for _ in range(3):
            is_plain_refusal(wire.ask(form_post("/device_authorization", b"client_id=%zz")), 400)
        assert wire.ask(form_post("/device_authorization", b"client_id=tv")).status == 200


def test_a_long_body_that_goes_on_after_the_refusal_is_not_read(house: RunningHouse) -> None:
    """A hundred megabytes are announced: the house refuses at once, and hangs up within the second one."""
    with Wire(house) as wire:
        wire.send(request("POST", "/token", FORM, "Content-Length: 100000000") + b"x=")
        is_plain_refusal(wire.read(), 413)
        assert wire.is_cut_off(b"y" * 65_536, 20_000_000)


def test_trailers_without_end_are_cut_off(house: RunningHouse) -> None:
    with Wire(house) as wire:
        wire.send(request("POST", "/token", FORM, "Transfer-Encoding: chunked") + b"2\r\nx=\r\n0\r\n")
        assert wire.is_cut_off(b"X-Trailer: y\r\n" * 1_000, 20_000_000)


BODIES = [
    b"",
    b"&",
    b"=",
    b"%",
    b"%%%",
    b"a=%zz",
    b"a=%0",
    b"\x00",
    b"grant_type=\x00",
    b"client_id=tv%00",
    b"\xff\xfe=\xff",
    b"client_id=%ff%fe",
    b"client_id=%ed%a0%80",  # a lone surrogate
    b"client_id=tv&client_id=tv",
    b"client_id=tv&client%5Fid=tv",
    b"client_id=tv;scope=profile",
    b"client_id=tv\r\nscope=profile",
    b"grant_type[]=x&grant_type.x=y",
    b"client_id=" + b"t" * 16_000,
    b"client_id=%F0%9F%8F%A0&token=%F0%9F%8F%A0",
    b"a=1&" * 5_000,
    b"{}",
    b'{"client_id":"tv"}',
    b"<xml/>",
    b"client_id=tv&token=" + b"A" * 12_000,
    b"client_id=tv&grant_type=" + GRANT_TYPE.encode() + b"&device_code=" + b"A" * 12_000,
    b"client_id=tv&grant_type=" + GRANT_TYPE.encode() + b"&device_code=%E2%80%AE",
    b"client_id=tv&grant_type=refresh_token&refresh_token=%0D%0A",
    b"client_id=tv&scope=" + b"profile%20" * 1_000,
    b"client_id=tv&token=" + base64.urlsafe_b64encode(b"[" * 9_000).rstrip(b"=") + b".e30.x",
    b"client_id=tv&token=" + base64.urlsafe_b64encode(b'{"kid":{},"typ":[],"alg":{}}').rstrip(b"=") + b".e30.x",
]


@pytest.mark.parametrize("path", COUNTER)
def test_no_form_breaks_the_counter(house: RunningHouse, path: str) -> None:
    with Wire(house) as wire:
        for body, headers in product(BODIES, ((), (BASIC,))):
            answer = wire.ask(form_post(path, body, f"Content-Length: {len(body)}", *headers))
            if answer.status != 200:
                is_plain_refusal(answer)
        assert wire.ask(form_post("/device_authorization", b"client_id=tv")).status == 200


@pytest.mark.parametrize(
    "client",
    [
        b"\x00:\x00",
        b"a%00b:x",
        b"%zz:x",
        b"%ff:x",
        b":",
        b"::::",
        b"tv:" + b"x" * 9_000,
        b"x" * 9_000 + b":x",
        b"\xff:x",
    ],
    ids=repr,
)
def test_no_basic_authorization_breaks_the_counter(house: RunningHouse, client: bytes) -> None:
    header = "Authorization: Basic " + base64.b64encode(client).decode()
    with Wire(house) as wire:
        for path in COUNTER:
            is_plain_refusal(
                wire.ask(form_post(path, b"token=x&grant_type=refresh_token&refresh_token=x", header)), 401
            )


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", "x", "", "/", ";"]
)
def test_another_type_is_415(house: RunningHouse, kind: str) -> None:
    with Wire(house) as wire:
        for path in COUNTER:
            is_plain_refusal(wire.ask(request("POST", path, f"Content-Type: {kind}", body=b"client_id=tv")), 415)
            is_plain_refusal(wire.ask(request("POST", path, body=b"client_id=tv")), 415)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded; charset=UTF-8", "APPLICATION/X-WWW-FORM-URLENCODED"]
)
def test_the_type_is_read_as_http_writes_it(house: RunningHouse, kind: str) -> None:
    with Wire(house) as wire:
        body = b"client_id=tv"
        assert wire.ask(request("POST", "/device_authorization", f"Content-Type: {kind}", body=body)).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_another_method_is_405(house: RunningHouse, method: str) -> None:
    for path, wire in ((path, Wire(house)) for path in (*COUNTER, "/mqtt/credentials")):
        with wire:
            wire.send(request(method, path))
            answer = wire.read(is_head=method == "HEAD")
            assert (answer.status, answer.header("allow"), answer.header("content-type")) == (
                405,
                "POST",
                "application/json",
            )
            if method == "HEAD":
                assert wire.ask(form_post("/device_authorization", b"client_id=tv")).status == 200


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


JSON = "Content-Type: application/json"
ODD_JSON = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1",
    b"{}",
    b"[" * 60_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"stream":"s","value":NaN}',
    b'{"stream":"s","value":Infinity}',
    b'{"stream":"s","value":1e999}',
    b'{"stream":"s","value":' + b"9" * 400 + b"}",
    b'{"stream":"s","value":' + b"9" * 5_000 + b"}",
    b'{"stream":"s","value":true}',
    b'{"stream":"s","value":"1"}',
    b'{"stream":"s","value":null}',
    b'{"stream":"\\u0000","value":1}',
    b'{"stream":"\\ud800","value":1}',
    b'{"stream":"\xff","value":1}',
    b'{"stream":"","value":1}',
    b'{"stream":{},"value":1}',
    b'{"stream":"' + b"s" * 65 + b'","value":1}',
    b'{"stream":"s","value":1}' + b" " * 70_000,
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
]


@pytest.fixture(scope="module")
def token(house: RunningHouse) -> str:
    return str(house.sign_in()["access_token"])


def test_no_json_breaks_the_api(house: RunningHouse, token: str) -> None:
    for body, path in product(ODD_JSON, ("/api/readings", "/api/mqtt/renew")):
        with Wire(house) as wire:
            headers = (JSON, f"Authorization: Bearer {token}", f"Content-Length: {len(body)}")
            is_plain_refusal(wire.ask(request("POST", path, *headers, body=body)), 400, 413)


QUERIES = [
    "limit=0",
    "limit=101",
    "limit=x",
    "limit=1e1",
    "limit=%00",
    "limit=%C2%B2",
    "before=-1",
    "before=" + "9" * 5_000,
    "stream=%00",
    "stream=%ff" + "x" * 70,
    "device_id=%E2%80%AE",
    "stream=",
    "a=b&" * 2_000 + "limit=x",
]


def test_no_query_breaks_the_api(house: RunningHouse, token: str) -> None:
    with Wire(house) as wire:
        for query in QUERIES:
            answer = wire.ask(request("GET", f"/api/readings?{query}", f"Authorization: Bearer {token}"))
            is_plain_refusal(answer, 400)


BEARERS = [
    "Bearer",
    "Bearer ",
    "Bearer a.b.c",
    "bearer \xff",
    "Token x",
    "Bearer " + "x" * 20_000,
    "Bearer ..",
    "\x80",
    "Bearer a b",
    "Bearer " + base64.urlsafe_b64encode(b"[" * 9_000).decode().rstrip("=") + ".e30.x",
    "Bearer " + base64.urlsafe_b64encode(b'{"typ":"at+jwt","kid":1e999}').decode().rstrip("=") + ".e30.x",
]


def test_no_bearer_token_breaks_the_api(house: RunningHouse) -> None:
    for value in BEARERS:
        with Wire(house) as wire:
            for line in (
                request("GET", "/api/me", f"Authorization: {value}"),
                request("POST", "/mqtt/credentials", f"Authorization: {value}"),
            ):
                answer = wire.ask(line)
                is_plain_refusal(answer, 401)
                assert "Bearer" in answer.header("www-authenticate")


@pytest.mark.parametrize(
    "typed", ["\x00", "ana\x00", "\u202e", "a" * 5_000, "\ud83c\udfe0", "'; DROP TABLE accounts; --", "%00"]
)
def test_no_name_breaks_the_sign_in(house: RunningHouse, typed: str) -> None:
    stranger = Phone(house)
    page = stranger.web.get(house.address + "/sign-in", timeout=10)
    answer = stranger.submit(page, username=typed.encode("utf-16", "surrogatepass").decode("utf-16"), password="x\x00y")
    assert answer.status_code in (400, 403, 413), answer.text
    assert "DROP TABLE accounts; --</" not in answer.text


@pytest.mark.parametrize(
    "code", ["%00", "%ff", "%E2%80%AE", "x" * 3_000, "..%2f..%2fetc", "%3Cscript%3E", "a/b/c", "%0d%0aX: y"]
)
def test_no_code_in_the_address_breaks_the_page(house: RunningHouse, code: str) -> None:
    with Wire(house) as wire:
        for path in (f"/D/{code}", f"/device?user_code={code}", f"/sign-in?code={code}"):
            answer = wire.ask(request("GET", path.replace(" ", "%20")))
            assert answer.status in (200, 303, 404)
            assert b"<script" not in answer.body
            assert "\n" not in answer.header("location")


def test_many_broken_requests_at_once_leave_the_house_standing(house: RunningHouse) -> None:
    def throw(number: int) -> int:
        with Wire(house) as wire:
            return wire.ask(
                form_post(
                    COUNTER[number % 4],
                    BODIES[number % len(BODIES)],
                    f"Content-Length: {len(BODIES[number % len(BODIES)])}",
                )
            ).status

    with ThreadPoolExecutor(16) as threads:
        statuses = set(threads.map(throw, range(200)))
    assert all(status == 200 or 400 <= status < 500 for status in statuses)
    content: dict[str, Any] = house.get("/health").json()
    assert content["status"] == "ok"
