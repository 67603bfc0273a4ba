"""The real agent on a real pseudo-terminal, photographed: what a person at the screen sees from start to end."""

import base64
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyte
import pytest

from tests.device_agent.displays.screen import photograph, read_codes
from tests.device_agent.mock_server import DEVICE, PENDING, TOKEN, TOKENS, Asked, MockServer
from tests.device_agent.process import ROOT, Agent
from tests.waiting import wait_until

WITHIN = 15
# The leader of a new session gets the first terminal that it opens, as at a login.
AT_ITS_TERMINAL = 'exec 3<>"$0" 3>&-; '


class Session:
    """An agent with a terminal of this size; keys can be pressed, the screen can be read."""

    def __init__(
        self,
        agent: Agent,
        size: tuple[int, int],
        *arguments: str,
        stdin: int | None = None,
        shell: str = 'exec "$@"',
        environment: dict[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(*size)
        self._feed = pyte.ByteStream(self.screen)
        self.raw = b""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        given = {"TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})}
        self.process = subprocess.Popen(
            [
                "/bin/sh",
                "-c",
                AT_ITS_TERMINAL + shell,
                os.ttyname(slave),
                sys.executable,
                "-m",
                "device_agent",
                *arguments,
            ],
            cwd=ROOT,
            env={**agent.environment(), **given},
            stdin=slave if stdin is None else stdin,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        self._slave = slave

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
        """Type these keys in one go, and return when the agent has read them: all at once, and nothing beside them."""
        typed = keys.encode()
        self.process.send_signal(signal.SIGSTOP)  # or it might read before all of them have arrived
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)
        os.write(self.master, typed)
        wait_until(lambda: self._unread() == len(typed))
        self.process.send_signal(signal.SIGCONT)
        wait_until(lambda: self._unread() == 0)

    def _unread(self) -> int:
        (count,) = struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, bytes(4)))
        return int(count)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(5)
        os.close(self.master)
        os.close(self._slave)

    def _read(self, seconds: float) -> None:
        if select.select([self.master], [], [], seconds)[0]:
            try:
                said = os.read(self.master, 65536)
                self.raw += said
                self._feed.feed(said)
            except OSError:
                time.sleep(0.01)  # the other side has closed its terminal


@pytest.fixture
def open_session(agent: Agent, server: MockServer) -> Iterator[Any]:
    opened: list[Session] = []

    def start(size: tuple[int, int] = (80, 24), *more: str, **environment: str) -> Session:
        arguments = ("login", "--server", server.issuer, "--insecure-http", *more)
        opened.append(Session(agent, size, *arguments, environment=environment))
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


def test_the_phone_is_met_on_the_screen_and_the_code_is_renewed_when_it_leaves(
    open_session: Any, server: MockServer, approve: threading.Event
) -> None:
    opened = (400, {"error": "authorization_pending", "opened": True, "match": "47", "expires_in": 2})
    codes = {"match_supported": True, "interval": 1}
    server.answers[DEVICE] = [server.codes(**codes), server.codes(**codes, user_code="BCDF-GHJK", device_code="two")]
    server.answers[TOKEN] = lambda asked: (
        opened if asked.form["device_code"] != "two" else TOKENS if approve.wait(10) else PENDING
    )
    session = open_session()
    session.wait_for("Phone connected", "Tap or type 47 on your phone.", "██")
    assert read_codes(photograph(session.screen)) == []
    server.answers[TOKEN] = lambda asked: TOKENS if asked.form["device_code"] == "two" and approve.wait(10) else PENDING
    session.wait_for("This is a new code", "BCDF-GHJK")
    approve.set()
    assert session.end() == 0


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
    session = open_session((80, 24), "--renewals", "0")
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


def modes(session: Session) -> Any:
    """How the terminal treats what is typed."""
    return termios.tcgetattr(session.master)[3] & (termios.ICANON | termios.ECHO)


def test_dev_37_a_key_hides_the_code_from_onlookers_and_shows_it_again(
    open_session: Any, approve: threading.Event
) -> None:
    session = open_session()
    session.wait_for("WDJB-MJHT", "minutes.", "h hide")
    session.press("h")
    session.wait_for("The code is hidden. Press h to show it again.")
    assert "WDJB" not in session.text
    assert read_codes(photograph(session.screen)) == []
    session.press("H")
    session.wait_for("WDJB-MJHT", "minutes.")
    for more_than_a_key in ("\x1b[A", "hohoho", "ü"):
        session.press(more_than_a_key)
    assert "WDJB-MJHT" in session.text
    session.press("h")
    session.wait_for("The code is hidden.")
    approve.set()
    assert session.end() == 0
    assert "✓ Signed in as Ana Ruiz (ana)" in session.text


def test_keys_copy_the_code_and_open_the_address(
    open_session: Any, server: MockServer, approve: threading.Event, tmp_path: Path
) -> None:
    opener, opened = tmp_path / "xdg-open", tmp_path / "opened"
    opener.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    opener.chmod(0o755)
    session = open_session((100, 40), PATH=f"{tmp_path}:/usr/bin:/bin", DISPLAY="", WAYLAND_DISPLAY="")
    session.wait_for("WDJB-MJHT", "c copy")
    session.press("c")
    session.wait_for("The code is in the clipboard.")
    assert b"\x1b]52;c;" + base64.b64encode(b"WDJB-MJHT") + b"\x07" in session.raw
    session.press("o")
    session.wait_for("The browser is opening.")
    wait_until(opened.exists)
    assert opened.read_text().strip() == server.issuer + "/d/WDJBMJHT"
    approve.set()
    assert session.end() == 0


@pytest.mark.parametrize("how", ["approved", signal.SIGINT, signal.SIGTERM, signal.SIGHUP, "expired", "refused"])
def test_the_terminal_is_as_before_whatever_the_way_out(
    open_session: Any, server: MockServer, approve: threading.Event, how: Any
) -> None:
    before = termios.ICANON | termios.ECHO
    if how == "expired":
        server.answers[DEVICE] = server.codes(expires_in=2)
        server.answers[TOKEN] = PENDING
    if how == "refused":
        server.answers[TOKEN] = lambda asked: (400, {"error": "invalid_client"} if approve.wait(10) else {})
    session = open_session((80, 24), "--renewals", "0")
    session.wait_for("WDJB-MJHT", "minutes." if how != "expired" else "minute.")
    wait_until(lambda: modes(session) == 0)
    if how == "expired":
        session.wait_for("Press Enter for a new one")
        assert modes(session) == before
        session.end(signal.SIGINT)
    elif isinstance(how, int):
        assert session.end(how) == (130 if how == signal.SIGINT else -how)
    else:
        approve.set()
        assert session.end() == (0 if how == "approved" else 1)
    assert modes(session) == before


def test_without_a_terminal_to_type_at_no_keys_are_heard(agent: Agent, server: MockServer) -> None:
    session = Session(agent, (80, 24), "login", "--server", server.issuer, "--insecure-http", stdin=subprocess.DEVNULL)
    try:
        assert session.end() == 0
        assert "h hide" not in session.text
    finally:
        session.close()


def test_in_the_background_the_terminal_is_left_alone(agent: Agent, server: MockServer, approve: Any) -> None:
    # As `porchlight-agent login &` in a shell: to change its terminal would stop the program at once.
    shell = 'set -m; "$@" & wait $!; echo ended $?'
    session = Session(agent, (80, 40), "login", "--server", server.issuer, "--insecure-http", shell=shell)
    try:
        session.wait_for("WDJB-MJHT", "minutes.")
        assert "h hide" not in session.text
        assert modes(session) == termios.ICANON | termios.ECHO
        approve.set()
        session.wait_for("Signed in as Ana Ruiz", "ended 0")
    finally:
        session.close()
