"""The devices' road over real HTTP: what the flow needs of an answer, and every way to lose one."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from firmware_sim.discovery import Endpoints, Unreachable, Wrong, discover
from firmware_sim.road import LARGEST, Answer, HttpRoad, Lost

# SELF is the address of whoever answers.
METADATA = '{"issuer":"ISSUER","device_authorization_endpoint":"SELF/da","token_endpoint":"SELF/token"MORE}'


class Scripted(BaseHTTPRequestHandler):
    """Answers as the path says."""

    protocol_version = "HTTP/1.1"
    metadata = ""
    heard: tuple[str, str, str] = ("", "", "")

    def do_GET(self) -> None:
        self.answer(200, type(self).metadata.replace("SELF", f"http://{self.headers['host']}"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        Scripted.heard = (body, self.headers.get("prefer", ""), self.headers.get("authorization", ""))
        if self.path == "/cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif self.path == "/busy":
            self.answer(503, "<h1>no JSON</h1>", ("retry-after", "7"))
        elif self.path == "/large":
            self.answer(200, '"' + "x" * LARGEST + '"')
        elif self.path == "/away":
            self.answer(307, "", ("location", "https://evil.example/"))
        else:
            self.answer(200, '{"a":1}', ("preference-applied", "wait=20"))

    def answer(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("content-length", str(len(text))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(metadata: str = "") -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Told", (Scripted,), {"metadata": metadata})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


def asked(url: str, **more: Any) -> Answer:
    async def ask() -> Answer:
        road = HttpRoad(4)
        try:
            return await road.post(url, **more)
        finally:
            await road.close()

    return asyncio.run(ask())


def test_a_form_goes_out_and_the_headers_that_matter_come_back() -> None:
    with serving() as url:
        answer = asked(url + "/token", form=(("client_id", "tv"), ("scope", "a b")), hold_for=20, token="secret")
    assert answer == Answer(200, {"a": 1}, 0, 20)
    assert Scripted.heard == ("client_id=tv&scope=a+b", "wait=20", "Bearer secret")


def test_a_busy_server_and_its_retry_after_are_understood() -> None:
    with serving() as url:
        assert asked(url + "/busy") == Answer(503, None, 7_000, None)


def test_an_answer_without_end_is_cut_off_and_no_redirect_is_followed() -> None:
    with serving() as url:
        assert asked(url + "/large") == Answer(200, None)
        assert asked(url + "/away").status == 307


def test_a_broken_connection_is_a_lost_request() -> None:
    with serving() as url, pytest.raises(Lost):
        asked(url + "/cut")


def test_nobody_listening_is_a_lost_request_and_says_why() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Lost, match="refused"):
            asked(f"http://127.0.0.1:{taken.getsockname()[1]}/token")


def test_a_server_that_never_answers_is_a_lost_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_sim.road.PATIENCE_S", 0.1)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Lost, match="no answer"):
        asked(f"http://127.0.0.1:{silent.getsockname()[1]}/token")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("issuer", "more", "error", "said"),
    [
        ("SELF", "", None, ""),
        ("https://other.example", "", Wrong, "calls itself"),
        ("SELF", ',"mqtt_credentials_endpoint":"https://other.example/mqtt"', Wrong, "not under --server"),
    ],
)
def test_only_the_server_that_was_named_is_used(
    issuer: str, more: str, error: type[Exception] | None, said: str
) -> None:
    with serving(METADATA.replace("ISSUER", issuer).replace("MORE", more)) as url:
        if error is None:
            assert discovered(url).token == url + "/token"
        else:
            with pytest.raises(error, match=said):
                discovered(url)


def test_a_page_that_is_no_metadata_is_no_sign_in_server() -> None:
    with serving("<h1>hello</h1>") as url, pytest.raises(Unreachable, match="no sign-in server"):
        discovered(url)


def discovered(url: str) -> Endpoints:
    async def ask() -> Endpoints:
        road = HttpRoad(1)
        try:
            return await discover(road, url)
        finally:
            await road.close()

    return asyncio.run(ask())
