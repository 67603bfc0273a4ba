"""Single keys at the terminal while a person waits for the phone. The terminal is put back on every way out.

The terminal delivers each key at once and without echo; Ctrl-C, Ctrl-Z and the rest stay what they were.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from types import FrameType, TracebackType

BACKGROUND_FOR = 0.5  # seconds between looks while the terminal is another program's


def is_possible() -> bool:
    """Whether a person sits at a terminal that is ours just now."""
    try:
        return sys.stdin.isatty() and sys.stderr.isatty() and _is_ours(sys.stdin.fileno())
    except (AttributeError, OSError, ValueError):
        return False  # a standard stream is closed, or its terminal is not the one we were started from


class Keyboard:
    """Use in a `with` block. From `listen` on, `pressed` is told each key, in a thread of its own."""

    def __init__(self, pressed: "Callable[[str], None]") -> None:
        self._pressed = pressed
        self._before: list[object] = []
        self._handlers: list[tuple[int, object]] = []
        self._thread: threading.Thread | None = None

    def listen(self) -> None:
        """Take over the keys, if that is possible."""
        if self._thread is not None or not is_possible():
            return
        import signal
        import termios
        import threading

        self._terminal = sys.stdin.fileno()
        try:
            self._before = termios.tcgetattr(self._terminal)
            # Whoever is ended by these would leave the terminal without echo.
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) == signal.SIG_DFL:
                    self._handlers.append((number, signal.signal(number, self._end)))
            changed = list(self._before)
            changed[3] = self._before[3] & ~(termios.ICANON | termios.ECHO)  # type: ignore[operator]
            termios.tcsetattr(self._terminal, termios.TCSANOW, changed)  # type: ignore[arg-type]
        except (OSError, termios.error):
            self._put_back()
            return
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._watch, name="keyboard", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Keyboard":
        return self

    def __exit__(self, kind: object, error: object, trace: "TracebackType | None") -> None:
        """Put the terminal back. No key is told after this."""
        self._put_back()
        if self._thread is not None:
            os.write(self._waker, b".")
            self._thread.join(5)
            os.close(self._wake)
            os.close(self._waker)

    def _watch(self) -> None:
        import select

        while True:
            try:
                ready, _, _ = select.select([self._terminal, self._wake], [], [])
                if self._wake in ready:
                    return
                if not _is_ours(self._terminal):  # to read now would stop this program (SIGTTIN)
                    if select.select([self._wake], [], [], BACKGROUND_FOR)[0]:
                        return
                    continue
                said = os.read(self._terminal, 1_024)
                if not said:
                    return
                if len(said) == 1:  # more at once is pasted, or an arrow
                    self._pressed(said.decode("latin-1").lower())
            except (OSError, ValueError):
                return  # the terminal has gone, or its encoding cannot show what there is to say

    def _put_back(self) -> None:
        import signal
        import termios

        try:
            if self._before and _is_ours(self._terminal):  # in the background it is the shell's
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)  # type: ignore[arg-type]
        except (OSError, termios.error):
            pass  # it has gone
        self._before = []
        while self._handlers:
            number, handler = self._handlers.pop()
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _end(self, number: int, frame: "FrameType | None") -> None:
        self._put_back()
        os.kill(os.getpid(), number)


def _is_ours(terminal: int) -> bool:
    return os.tcgetpgrp(terminal) == os.getpgrp()
