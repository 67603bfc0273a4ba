"""A page of text cells to put things on, row by row, that knows how wide each thing is on the screen."""


class Canvas:
    """Rows and columns count from 0. Things on one row must not overlap."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._rows: list[list[tuple[int, int, str]]] = []

    @property
    def height(self) -> int:
        """How many rows there are so far."""
        return len(self._rows)

    @property
    def extent(self) -> int:
        """The rightmost column that is used, and one more."""
        return max((column + width for things in self._rows for column, width, _ in things), default=0)

    def put(self, row: int, column: int, text: str, style: str = "") -> None:
        """Plain text, cut at the right edge; `style` is SGR parameters such as "1"."""
        text = fit(text, self.columns - column)
        if text:
            self.put_drawn(row, column, f"\x1b[{style}m{text}\x1b[0m" if style else text, width_of(text))

    def put_drawn(self, row: int, column: int, drawn: str, width: int) -> None:
        """Something with escapes in it, `width` cells wide."""
        while len(self._rows) <= row:
            self._rows.append([])
        self._rows[row].append((column, width, drawn))

    def rows(self) -> list[str]:
        """Each row as the string to write."""
        lines = []
        for things in self._rows:
            line, at = "", 0
            for column, width, drawn in sorted(things):
                line += " " * (column - at) + drawn
                at = column + width
            lines.append(line)
        return lines


def width_of(text: str) -> int:
    """How many cells the text takes: wide East Asian signs take two, combining ones none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def fit(text: str, width: int) -> str:
    """The text, cut with an ellipsis if it is wider than `width` cells."""
    if width_of(text) <= width:
        return text
    while text and width_of(text) > width - 1:
        text = text[:-1]
    return text + "…" if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """Words on lines of at most `width` cells; a longer word (an address) is broken."""
    lines, line = [], ""
    for word in text.split():
        while width_of(word) > width:
            lines += [line] if line else []
            line, word = "", word[:width] + "\0" + word[width:]
            head, _, word = word.partition("\0")
            lines.append(head)
        if line and width_of(line) + 1 + width_of(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines
