"""A terminal without a terminal: pyte keeps the cells, Pillow photographs them, zxing-cpp reads the photograph."""

import io
from collections.abc import Iterator
from pathlib import Path

import pyte
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from device_agent.displays.port import Look
from device_agent.displays.terminal import Terminal

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
CELL = (10, 20)
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")
DARK_THEME = ("#d0d0d0", "#1e1e1e")
LIGHT_THEME = ("#202020", "#fdf6e3")
NAMES = {
    "black": "#000000",
    "red": "#cd3131",
    "green": "#0dbc79",
    "brown": "#e5a510",
    "cyan": "#11a8cd",
    "white": "#e5e5e5",
    "brightblack": "#666666",
    "brightwhite": "#ffffff",
}


class Stream(io.StringIO):
    """Standard error of a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Tty:
    """A display drawing on a screen of a given size."""

    def __init__(
        self,
        columns: int,
        rows: int,
        environment: dict[str, str] | None = None,
        qr: str = "auto",
        is_colorless: bool = False,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._feed = pyte.Stream(self.screen)
        self.stream = Stream()
        given = {"TERM": "xterm-256color", "COLORTERM": "truecolor"} if environment is None else environment
        self.terminal = Terminal(Look(self.stream, self.stream, given, qr, False, is_colorless))
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """The person drags the window."""
        self.screen.resize(rows, columns)
        self.terminal.size = lambda: (columns, rows)  # type: ignore[method-assign]

    def show(self, state: str, **facts: object) -> None:
        """Show a state, and let the screen catch up."""
        self.terminal.show(state, **facts)
        written = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        self._feed.feed(written.replace("\n", "\r\n"))

    @property
    def text(self) -> str:
        """What can be read on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)


def photograph(screen: pyte.Screen, line_height: float = 1.0, theme: tuple[str, str] = DARK_THEME) -> Image.Image:
    """The screen as pixels. Backgrounds fill the whole cell, glyphs only the nominal height, as terminals do."""
    width, height = CELL[0], round(CELL[1] * line_height)
    picture = Image.new("RGB", ((screen.columns + 2) * width, (screen.lines + 1) * height), theme[1])
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(FONT), 16) if FONT.exists() else ImageFont.load_default(15)
    for row in range(screen.lines):
        for column, cell in sorted(screen.buffer[row].items()):
            left, top = (column + 1) * width, row * height + height // 2
            if cell.bg != "default":
                draw.rectangle((left, top, left + width - 1, top + height - 1), _color(cell.bg, theme))
            above = top + (height - CELL[1]) // 2
            color = _color(cell.fg, theme)
            _glyph(draw, cell.data, left, above, color, font)
            if cell.bold:
                _glyph(draw, cell.data, left + 1, above, color, font)
    return picture


def _glyph(draw: ImageDraw.ImageDraw, sign: str, left: int, top: int, color: str, font: Font) -> None:
    half = CELL[1] // 2
    if sign == "█":
        draw.rectangle((left, top, left + CELL[0] - 1, top + CELL[1] - 1), color)
    elif sign == "▀":
        draw.rectangle((left, top, left + CELL[0] - 1, top + half - 1), color)
    elif sign == "▄":
        draw.rectangle((left, top + half, left + CELL[0] - 1, top + CELL[1] - 1), color)
    elif sign.strip():
        draw.text((left, top), sign, color, font=font)


def _color(name: str, theme: tuple[str, str]) -> str:
    if name == "default":
        return theme[0]
    return NAMES[name] if name in NAMES else "#" + name


def read_codes(picture: Image.Image) -> list[str]:
    """What a phone's camera would read."""
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def themes() -> Iterator[tuple[str, tuple[str, str]]]:
    yield from (("dark", DARK_THEME), ("light", LIGHT_THEME))
