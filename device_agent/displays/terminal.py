"""A terminal: the QR, the code in block letters and in text, redrawn in place; the screen is never taken over."""

import os
from _thread import allocate_lock  # threading itself would cost a start 2 ms

from device_agent.displays import cells, qr
from device_agent.displays.canvas import Canvas, width_of
from device_agent.displays.layout import BRAND_WIDTH, Style, code_page, message_page, number_page
from device_agent.displays.port import Look
from device_agent.displays.states import say

_NEW_CODE = ("waiting", "renewed")
_WITH_CODE = ("waiting", "renewed", "phone_connected", "offline", "rate_limited")


def suits(look: Look) -> bool:
    """A terminal that can move its cursor and shows UTF-8."""
    encoding = (getattr(look.stream, "encoding", None) or "").lower().replace("-", "")
    return look.stream.isatty() and look.environment.get("TERM", "dumb") not in ("dumb", "") and encoding == "utf8"


class Terminal:
    """Draws on `look.stream`. The code stays in the scroll-back only until it is no longer needed (DEV-37).

    Two threads may use it: the one that signs in, and the one that hears the keys.
    """

    has_keys = True
    again = -1  # its keys come by standard input

    def __init__(self, look: Look, argument: str = "") -> None:
        self._stream = look.stream
        self._environment = look.environment
        self._qr = look.qr
        self._words = look.words
        self._style = Style(look.is_colorless, look.words)
        self._colors = cells.palette(look.environment)
        self._code: dict[str, object] = {}
        self._is_phone_here = False
        self._height = 0
        self._size = (0, 0)
        self._drawn: list[str] = []
        self._last: tuple[str, dict[str, object]] = ("", {})
        self._is_hidden = False
        self._mutex = allocate_lock()

    def prepare(self) -> None:
        """Load the QR encoder."""
        if self._qr != "off":
            qr.load()

    def show(self, state: str, **facts: object) -> None:
        """Draw a state over the one before."""
        with self._mutex:
            self._last = (state, facts)
            self._show(state, facts)

    def hide(self) -> None:
        """Hide the code, or show it again; what is asked for with the next code is asked for anew."""
        with self._mutex:
            state, facts = self._last
            if self._code and state in _WITH_CODE:
                self._is_hidden = not self._is_hidden
                self._show(state, facts)

    def _show(self, state: str, facts: dict[str, object]) -> None:
        sentence, action = say(state, facts, self._words)
        columns, rows = self._measure()
        if state in _NEW_CODE or state == "phone_connected":
            self._code, self._is_phone_here = facts, state == "phone_connected"
        elif state not in _WITH_CODE:
            self._code, self._is_hidden = {}, False
        if state == "note":
            self._append(message_page(sentence, action, columns, self._style, False))
        elif self._code and self._is_hidden:
            self._replace(message_page(sentence, self._words("hidden"), columns, self._style, False))
        elif self._code and self._is_phone_here:
            _, what_to_do = say("phone_connected", self._code, self._words)
            self._replace(number_page(self._code, sentence, what_to_do, columns, self._style))
        elif self._code:
            # The last row stays free for the cursor, or the terminal would scroll.
            top = sentence if state in _NEW_CODE else f"{sentence} {action}"
            facts = self._code
            if width_of(top) > columns - BRAND_WIDTH:
                top, facts = sentence, {**facts, "hint": action}
            page = code_page(facts, top, columns, rows - 1, self._qr, self._colors, self._style)
            self._replace(page)
        else:
            self._replace(message_page(sentence, action, columns, self._style, state == "signed_in"))

    def close(self) -> None:
        """Nothing is left switched on."""

    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal, 80x24 when it does not say."""
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return 80, 24
        return size.columns or 80, size.lines or 24

    def _measure(self) -> tuple[int, int]:
        columns, rows = self.size()
        if self._size not in ((0, 0), (columns, rows)) and self._height:
            # The terminal has reflowed what was drawn; nobody knows where it is now.
            self._stream.write("\x1b[2J\x1b[H")
            self._height, self._drawn = 0, []
        self._size = (columns, rows)
        return columns, rows

    def _replace(self, page: Canvas) -> None:
        rows = page.rows()
        if rows == self._drawn:
            return
        up = f"\x1b[{self._height}A\r" if self._height else ""
        body = "".join([f"{row}\x1b[K\n" for row in rows])
        self._stream.write(f"{up}{body}\x1b[J")
        self._stream.flush()
        self._height, self._drawn = len(rows), rows

    def _append(self, page: Canvas) -> None:
        self._stream.write("".join([f"{row}\x1b[K\n" for row in page.rows()]))
        self._stream.flush()
        self._height, self._drawn = 0, []
