"""A picture of each state in a file, for e-ink and frame buffers: SVG or PNG by its ending, replaced in one step."""

import os

from device_agent.displays.port import Look, Silent
from device_agent.displays.sheet import Sheet, lay_out
from device_agent.exits import USAGE, Failure

WIDTH, HEIGHT = 800, 480
LEAST, MOST = 120, 4_000
# Pictures that stay on the screen must not grow old: a state that passes leaves the code where it is.
PASSING = ("note", "online")
CODE_STAYS = ("offline", "rate_limited")


class Picture(Silent):
    """`--display picture:FILE`, or `picture:FILE@640x384` for another size than 800x480."""

    def __init__(self, look: Look, argument: str) -> None:
        self._path, self._width, self._height = _read(argument)
        self._words = look.words
        self._has_code = False
        self._last: Sheet | None = None
        if not os.path.isdir(os.path.dirname(os.path.abspath(self._path))):
            raise _wrong(f"There is no folder for {self._path}.", "Make it, or name another.")

    def show(self, state: str, **facts: object) -> None:
        """Write the picture of this state, unless it is there. A file that cannot be written is left as it is."""
        if state in PASSING or (state in CODE_STAYS and self._has_code):
            return
        self._has_code = state in ("waiting", "renewed", "phone_connected")
        sheet = lay_out(state, facts, self._width, self._height, self._words)
        if sheet == self._last:
            return
        self._last = sheet
        new = f"{self._path}.{os.getpid()}.new"
        try:
            with open(new, "wb") as file:
                file.write(_painted(self._path, sheet, self._words.language))
            os.replace(new, self._path)
        except OSError:
            self._last = None  # a full disk: the next state tries again


def _painted(path: str, sheet: Sheet, language: str) -> bytes:
    from device_agent.displays import paint

    return paint.svg(sheet, language) if path.lower().endswith(".svg") else paint.png(sheet)


def _read(argument: str) -> tuple[str, int, int]:
    path, at, size = argument.rpartition("@")
    if not at or "/" in size or "." in size:
        path, width, height = argument, WIDTH, HEIGHT
    else:
        parts = size.split("x")
        if len(parts) != 2 or not all(part.isdecimal() and LEAST <= int(part) <= MOST for part in parts):
            raise _wrong(f"--display picture: {size} is no size.", f"Write it like {WIDTH}x{HEIGHT}.")
        width, height = int(parts[0]), int(parts[1])
    if not path.lower().endswith((".svg", ".png")):
        raise _wrong(f"--display picture: {path} ends neither in .svg nor in .png.", "Name a file that does.")
    return path, width, height


def _wrong(what: str, action: str) -> Failure:
    return Failure(USAGE, "usage", what, action)
