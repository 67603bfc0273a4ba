"""The real agent on a real pseudo-terminal, photographed: what a person at the screen sees from start to end."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from typing import Any

import pyte
import pytest

from tests.device_agent.displays.screen import photograph, read_codes
from tests.device_agent.mock_server import DEVICE, PENDING, TOKEN, TOKENS, Asked, MockServer
from tests.device_agent.process import Agent

WITHIN = 15


class Session:
    """An agent with a terminal of this size; keys can be pressed, the screen can be read."""

    def __init__(self, agent: Agent, size: tuple[int, int], *arguments: str, **environment: str) -> None:
        self.screen = pyte.Screen(*size)
        self._feed = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        given = {"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment}
        streams = {"stdin": slave, "stdout": slave, "stderr": slave}
        self.process: subprocess.Popen[str] = agent.start(
            *arguments, environment=given, start_new_session=True, **streams
        )
        os.close(slave)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, *words: str) -> None:
        """Read until all these words are on the screen."""
        until = time.monotonic() + WITHIN
        while any(word not in self.text for word in words):
            assert time.monotonic() < until, self.text
            self._read(0.1)

    def end(self, number: int | None = None) -> int:
        """The exit code, once everything has been drawn."""
        if number is not None:
            self.process.send_signal(number)
        until = time.monotonic() + WITHIN
        while self.process.poll() is None and time.monotonic() < until:
            self._read(0.05)
        self._read(0.2)
        return self.process.wait(1)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait(5)
        os.close(self._master)

    def _read(self, seconds: float) -> None:
        if select.select([self._master], [], [], seconds)[0]:
            try:
                self._feed.feed(os.read(self._master, 65536))
            except OSError:
                time.sleep(0.01)  # the other side has closed its terminal


@pytest.fixture
def open_session(agent: Agent, server: MockServer) -> Iterator[Any]:
    opened: list[Session] = []

    def start(size: tuple[int, int] = (80, 24), *more: str, **environment: str) -> Session:
        arguments = ("login", "--server", server.issuer, "--insecure-http", *more)
        opened.append(Session(agent, size, *arguments, **environment))
        return opened[-1]

    yield start
    for session in opened:
        session.close()


@pytest.fixture
def approve(server: MockServer) -> Iterator[threading.Event]:
    """The person approves when the test sets this event; until then the server holds the request."""
    approved = threading.Event()

    def token(asked: Asked) -> tuple[int, Any]:
        return TOKENS if approved.wait(10) else PENDING

    server.answers[TOKEN] = token
    yield approved
    approved.set()


@pytest.mark.parametrize("size", [(80, 24), (100, 40), (60, 34)])
def test_dev_18_scan_or_type_then_see_who_is_signed_in(
    open_session: Any, server: MockServer, approve: threading.Event, size: tuple[int, int]
) -> None:
    session = open_session(size)
    session.wait_for("WDJB-MJHT", "minutes.")
    assert read_codes(photograph(session.screen)) == [(server.issuer + "/D/WDJBMJHT").upper()]
    assert "WDJB-MJHT" in session.text
    assert f"{server.issuer}/device" in "".join(session.text.split())
    approve.set()
    assert session.end() == 0
    assert "✓ Signed in as Ana Ruiz (ana)" in session.text
    assert "Run porchlight-agent logout." in session.text
    assert "WDJB" not in session.text
    assert read_codes(photograph(session.screen)) == []


@pytest.mark.parametrize(
    "environment", [{"TERM": "dumb"}, {"TERM": ""}, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}]
)
def test_a_poor_terminal_gets_plain_lines(open_session: Any, server: MockServer, environment: dict[str, str]) -> None:
    session = open_session((80, 24), **environment)
    assert session.end() == 0
    assert "with the code WDJB-MJHT" in " ".join(session.text.split())
    assert "Signed in as Ana Ruiz (ana)" in session.text


def test_no_color_keeps_the_qr_readable(open_session: Any, server: MockServer, approve: threading.Event) -> None:
    session = open_session((80, 24), NO_COLOR="1", COLORTERM="")
    session.wait_for("WDJB-MJHT", "minutes.")
    assert read_codes(photograph(session.screen)) == [(server.issuer + "/D/WDJBMJHT").upper()]
    approve.set()
    assert session.end() == 0


def test_dev_07_only_a_key_press_brings_a_new_code(open_session: Any, server: MockServer) -> None:
    server.answers[DEVICE] = [server.codes(expires_in=1), server.codes(user_code="BCDF-GHJK")]
    server.answers[TOKEN] = [PENDING, PENDING, TOKENS]
    session = open_session()
    session.wait_for("Press Enter for a new one")
    assert "WDJB" not in session.text
    assert len(server.asked_for(DEVICE)) == 1
    session.press("\r")
    session.wait_for("BCDF-GHJK")
    assert len(server.asked_for(DEVICE)) == 2
    assert session.end() == 0


def test_ctrl_c_leaves_the_terminal_in_order(open_session: Any, server: MockServer) -> None:
    server.answers[TOKEN] = PENDING
    session = open_session()
    session.wait_for("WDJB-MJHT", "minutes.")
    assert session.end(signal.SIGINT) == 130
    assert "Traceback" not in session.text


def test_copy_asks_the_terminal_for_its_clipboard(open_session: Any, approve: threading.Event) -> None:
    session = open_session((100, 40), "--copy", PATH="/nonexistent")
    session.wait_for("The address is in the clipboard.")
    approve.set()
    assert session.end() == 0
