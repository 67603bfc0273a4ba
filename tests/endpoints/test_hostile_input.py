"""Broken, huge and odd forms: a clear refusal, never a 5xx, never a page from the counter, and nothing is lost."""

import base64
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest

from server.oauth.device import GRANT_TYPE
from tests.endpoints.raw import COUNTER, FORM, Wire, chunked, form_post, is_plain_refusal, request
from tests.house import SECRET, RunningHouse

pytestmark = pytest.mark.usefixtures("nothing_is_lost")
BASIC = "Authorization: Basic " + base64.b64encode(f"backend:{SECRET}".encode()).decode()


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
