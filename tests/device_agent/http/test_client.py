"""The agent's own HTTP: whatever a server sends, an answer or one clear reason comes back, in bounded time and size."""

import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agent.http import client as client_module
from device_agent.http.client import Http
from device_agent.http.errors import Unreachable, Untrusted
from device_agent.http.url import is_private, split_url
from tests.device_agent.mock_server import MockServer


class Raw:
    """A server that sends these bytes to whoever connects; a number in between is a pause in seconds."""

    def __init__(self, *replies: tuple[Any, ...]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/x"
        self.received: list[bytes] = []
        self._replies = list(replies)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        for reply in self._replies:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.received.append(connection.recv(65536))
                for part in reply:
                    try:
                        if isinstance(part, bytes):
                            connection.sendall(part)
                        elif self._stop.wait(part):
                            break
                    except OSError:
                        break

    def __enter__(self) -> "Raw":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def http() -> Iterator[Http]:
    client = Http(is_http_allowed=True)
    yield client
    client.close()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        (OK + b"Content-Length: 5\r\n\r\nhello",),
        (OK + b"content-length:5\n\nhello",),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",),
        (OK + b"\r\nhello",),
        (b"HTTP/1.0 200 OK\r\n\r\nhello",),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
            + OK
            + b"Content-Length: 5\r\n\r\nhello",
        ),
        (b"HTTP/1.1 200\r\nContent-", 0.01, b"Length: 5\r\n\r", 0.01, b"\nhel", 0.01, b"lo"),
    ],
)
def test_every_way_to_frame_an_answer_is_read(http: Http, reply: tuple[Any, ...]) -> None:
    with Raw(reply) as server:
        answer = http.send("GET", server.url)
    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ((b"",), "closed the connection"),
        ((b"SSH-2.0-OpenSSH\r\n",), "does not speak HTTP"),
        ((b"HTTP/1.1 abc\r\n\r\n",), "does not speak HTTP"),
        ((b"HTTP/1.1 20\r\n\r\n",), "does not speak HTTP"),
        ((b"HTTP/2 200\r\n\r\n",), "does not speak HTTP"),
        ((OK + b"Content-Length: 10\r\n\r\nhello",), "closed the connection"),
        ((OK + b"Content-Length: 99999999999\r\n\r\n",), "too large"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n",), "too large"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n",), "too large"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",), "does not speak HTTP"),
        ((OK + b"X: " + b"y" * 70_000,), "too large"),
        ((OK + b"X: y\r\n" * 20_000 + b"\r\n",), "too large"),
        ((OK + b"\r\n" + b"y" * 400_000,), "too large"),
    ],
)
def test_what_is_no_answer_has_one_clear_reason(http: Http, reply: tuple[Any, ...], why: str) -> None:
    with Raw(reply) as server, pytest.raises(Unreachable, match=why):
        http.send("GET", server.url)


@pytest.mark.parametrize("reply", [(30,), (*(part for _ in range(200) for part in (b"X", 0.05)),)])
def test_a_server_that_drips_or_is_silent_ends_in_time(http: Http, reply: tuple[Any, ...]) -> None:
    begun = time.monotonic()
    with Raw(reply) as server, pytest.raises(Unreachable, match="no answer in time"):
        http.send("GET", server.url, answer_within=400)
    assert time.monotonic() - begun < 3


def test_a_connection_is_kept_and_used_again(http: Http, server: MockServer) -> None:
    server.answers["/a"] = (200, {})
    for _ in range(3):
        assert http.send("GET", server.issuer + "/a").status == 200
    assert len({id(connection) for connection in http._kept.values()}) == 1


def test_a_connection_the_server_closed_is_not_used_again(http: Http) -> None:
    reply = (OK + b"Content-Length: 2\r\n\r\nok",)
    with Raw(reply, reply) as server:
        assert http.send("POST", server.url, body=b"1").body == b"ok"
        (kept,) = http._kept.values()
        assert select.select([kept], [], [], 5)[0], "the server closed it"
        assert http.send("POST", server.url, body=b"2").body == b"ok"
        assert [received[-1:] for received in server.received] == [b"1", b"2"]


def test_a_server_that_says_more_than_it_should_is_not_believed_later(http: Http) -> None:
    poisoned = (OK + b"Content-Length: 2\r\n\r\nok" + OK + b"Content-Length: 4\r\n\r\nevil", 0.3)
    with Raw(poisoned, (OK + b"Content-Length: 4\r\n\r\ngood",)) as server:
        assert http.send("GET", server.url).body == b"ok"
        assert http.send("GET", server.url).body == b"good"


def test_a_redirect_is_an_answer_and_nothing_is_sent_after_it(http: Http, server: MockServer) -> None:
    server.answers["/a"] = (307, {}, {"location": server.issuer + "/b"})
    assert http.post_form(server.issuer + "/a", (("refresh_token", "secret"),)).status == 307
    assert [asked.path for asked in server.asked] == ["/a"]


def test_a_request_says_what_it_must(http: Http, server: MockServer) -> None:
    http.post_form(server.issuer + "/a?b=c", (("scope", "a b"), ("code", "ü&=")), hold_for=20)
    (asked,) = server.asked
    assert asked.path == "/a?b=c"
    assert asked.form == {"scope": "a b", "code": "ü&="}
    assert asked.headers["host"] == server.issuer.removeprefix("http://")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["prefer"] == "wait=20"


def test_a_held_request_may_take_as_long_as_was_asked_for(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ANSWER_WITHIN", 200)
    with Raw((0.6, OK + b"Content-Length: 0\r\n\r\n")) as server:
        assert http.post_form(server.url, (), hold_for=1).status == 200


def test_headers_that_matter_are_understood(http: Http, server: MockServer) -> None:
    server.answers["/a"] = (503, b"", {"retry-after": "7", "preference-applied": "wait=20"})
    answer = http.send("GET", server.issuer + "/a")
    assert (answer.retry_after_for(), answer.held_for(), answer.json()) == (7_000, 20, None)
    server.answers["/a"] = (503, b"", {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "preference-applied": "x"})
    answer = http.send("GET", server.issuer + "/a")
    assert (answer.retry_after_for(), answer.held_for()) == (0, None)


def test_deep_json_is_no_json(http: Http, server: MockServer) -> None:
    server.answers["/a"] = (200, b"[" * 100_000)
    assert http.send("GET", server.issuer + "/a").json() is None


def test_a_token_with_a_line_break_cannot_add_a_header(http: Http, server: MockServer) -> None:
    with pytest.raises(ValueError, match="line break"):
        http.send("GET", server.issuer + "/a", [("Authorization", "Bearer x\r\nX-Admin: yes")])
    assert server.asked == []


def test_dev_03_http_is_for_those_who_asked_and_for_private_addresses(server: MockServer) -> None:
    with pytest.raises(Untrusted, match="not https"):
        Http().send("GET", server.issuer + "/a")
    assert server.asked == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("192.168.0.1", True),
        ("172.16.0.1", True),
        ("172.31.255.255", True),
        ("100.64.0.1", True),
        ("169.254.1.1", True),
        ("::1", True),
        ("fe80::1", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("192.0.2.1", True),  # RFC 5737: closed laboratories use it
        ("192.0.3.1", False),
        ("192.1.2.1", False),
        ("172.32.0.1", False),
        ("192.169.0.1", False),
        ("100.128.0.1", False),
        ("8.8.8.8", False),
        ("2001:db8::1", False),
        ("::ffff:8.8.8.8", False),
    ],
)
def test_dev_03_private_addresses(address: str, expected: bool) -> None:
    assert is_private(address) is expected


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://tv.example.com", ("https", "tv.example.com", 443, "/")),
        ("HTTPS://TV.Example.com/a/b?c=d", ("https", "tv.example.com", 443, "/a/b?c=d")),
        ("http://127.0.0.1:8000/", ("http", "127.0.0.1", 8000, "/")),
        ("https://[::1]:8443/x", ("https", "::1", 8443, "/x")),
    ],
)
def test_addresses(url: str, parts: tuple[str, str, int, str]) -> None:
    assert split_url(url) == parts


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tv.example.com",
        "ftp://x/",
        "https://",
        "https:///x",
        "https://user:password@x/",
        "https://x:0/",
        "https://x:99999/",
        "https://x:8o/",
        "https://x/#y",
        "https://x/a b",
        "https://x/\r\nHost: y",
        "https://x/\x00",
        "https://ü.example/",
        "https://[::1/",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(Unreachable, match="not an address"):
        split_url(url)


@given(st.text())
def test_no_text_makes_the_address_reader_stumble(text: str) -> None:
    try:
        scheme, host, port, _ = split_url(text)
    except Unreachable:
        return
    assert scheme in ("http", "https")
    assert host
    assert 0 < port < 65536
