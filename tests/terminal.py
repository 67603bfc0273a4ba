"""A program in a terminal of its own: what it shows can be read, photographed, and answered with keys."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

from tests.device_agent.displays.screen import photograph, read_codes

ROOT = Path(__file__).parents[1]
WITHIN = 40
CODE = r"\b[A-Z]{4}-[A-Z]{4}\b"  # as the last line of the agent's page has it, so that all of the page is there
CTRL_C = b"\x03"
# Without a controlling terminal no key would interrupt anything.
_TAKE_THE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A screen of `columns` by `rows` with a program on it. Ctrl-C reaches all that runs in front."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], columns: int = 80, rows: int = 24) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.said = b""
        self._feed = pyte.ByteStream(self.screen)
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_THE_TERMINAL, *command],
            cwd=ROOT,
            env={"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    @property
    def text(self) -> str:
        """What can be read on the screen now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def qr_code(self) -> str:
        """What a phone's camera reads from a photograph of the screen; "" when there is no code to read."""
        return next(iter(read_codes(photograph(self.screen))), "")

    def wait_for(self, words: str) -> str:
        """Wait until the screen shows these words; the whole screen."""
        self.find(re.escape(words))
        return self.text

    def find(self, pattern: str) -> str:
        """Wait until the screen shows something like this; what it is."""
        deadline = time.monotonic() + WITHIN
        is_open = True
        while not (found := re.search(pattern, self.text)):
            assert is_open, f"it ended without {pattern!r}:\n{self.text}"
            assert time.monotonic() < deadline, f"{pattern!r} did not appear:\n{self.text}"
            is_open = self._look(0.1)
        return found[0]

    def press(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def end(self) -> int:
        """Read until the program ends; its exit code."""
        deadline = time.monotonic() + WITHIN
        while self._look(0.1):
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
        return self.process.wait(WITHIN)

    def _look(self, seconds: float) -> bool:
        """Take in what was written meanwhile; False once nobody can write any more."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return True
        try:
            written = os.read(self._ours, 65_536)
        except OSError:  # Linux says so when the last program has left the terminal
            return False
        self.said += written
        self._feed.feed(written)
        return bool(written)

    def close(self) -> None:
        """End whatever runs still."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(WITHIN)
        os.close(self._ours)


@contextmanager
def terminal(
    command: Sequence[str], environment: dict[str, str], columns: int = 80, rows: int = 24
) -> Iterator[Terminal]:
    """A terminal that is closed at the end."""
    opened = Terminal(command, environment, columns, rows)
    try:
        yield opened
    finally:
        opened.close()
