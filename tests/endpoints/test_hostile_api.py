"""Odd JSON, queries, tokens, names and codes: refused by the API and the pages, on every storage."""

import base64
from itertools import product

import pytest

from tests.endpoints.raw import Wire, is_plain_refusal, request
from tests.house import Phone, RunningHouse

pytestmark = pytest.mark.usefixtures("nothing_is_lost")

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
