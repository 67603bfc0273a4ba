"""The user code in block letters of five rows, and the number to compare in digits of seven, for eyes on a sofa."""

HEIGHT = 5
WIDTH = 5
GAP = 1

# Seven rows of five dots, as the numbers that their bits make.
GLYPHS = {
    "A": (0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001),
    "B": (0b11110, 0b10001, 0b10001, 0b11110, 0b10001, 0b10001, 0b11110),
    "C": (0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110),
    "D": (0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110),
    "E": (0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111),
    "F": (0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b10000),
    "G": (0b01110, 0b10001, 0b10000, 0b10111, 0b10001, 0b10001, 0b01110),
    "H": (0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001),
    "I": (0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110),
    "J": (0b00111, 0b00010, 0b00010, 0b00010, 0b00010, 0b10010, 0b01100),
    "K": (0b10001, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010, 0b10001),
    "L": (0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111),
    "M": (0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001),
    "N": (0b10001, 0b11001, 0b11001, 0b10101, 0b10011, 0b10011, 0b10001),
    "O": (0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110),
    "P": (0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000),
    "Q": (0b01110, 0b10001, 0b10001, 0b10001, 0b10101, 0b10010, 0b01101),
    "R": (0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001),
    "S": (0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110),
    "T": (0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100),
    "U": (0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110),
    "V": (0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01010, 0b00100),
    "W": (0b10001, 0b10001, 0b10001, 0b10101, 0b10101, 0b11011, 0b10001),
    "X": (0b10001, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001, 0b10001),
    "Y": (0b10001, 0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b00100),
    "Z": (0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b10000, 0b11111),
    "0": (0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110),
    "1": (0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110),
    "2": (0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111),
    "3": (0b11110, 0b00001, 0b00001, 0b01110, 0b00001, 0b00001, 0b11110),
    "4": (0b10010, 0b10010, 0b10010, 0b11111, 0b00010, 0b00010, 0b00010),
    "5": (0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110),
    "6": (0b01110, 0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110),
    "7": (0b11111, 0b00001, 0b00010, 0b00100, 0b00100, 0b00100, 0b00100),
    "8": (0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110),
    "9": (0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00001, 0b01110),
}
# Seven rows of dots become nine: the straight parts are stretched, so that strokes stay one dot thick.
_STRETCH = (0, 1, 1, 2, 3, 4, 5, 5, 6)
_BLOCKS = (" ", "▄", "▀", "█")


def block(text: str) -> list[str]:
    """The rows of one line of block letters; [] when a sign has no glyph."""
    if not text or any(sign not in GLYPHS for sign in text):
        return []
    return [(" " * GAP).join(_row(GLYPHS[sign], row) for sign in text).rstrip() for row in range(HEIGHT)]


def large(text: str) -> list[str]:
    """One line of signs seven rows high, a dot two cells wide; [] when one has no glyph."""
    if not text or any(sign not in GLYPHS for sign in text):
        return []
    rows = range(len(GLYPHS["0"]))
    dots = [" ".join(f"{GLYPHS[sign][row]:05b}" for sign in text) for row in rows]
    return ["".join("██" if dot == "1" else "  " for dot in line).rstrip() for line in dots]


def lines_of(user_code: str) -> list[str]:
    """The code as lines of block letters, one group of the code a line; [] when it cannot be drawn so."""
    drawn = [block(group) for group in user_code.upper().split("-")]
    if not all(drawn) or len(drawn) > 3:
        return []
    lines: list[str] = []
    for rows in drawn:
        lines += ([""] if lines else []) + rows
    return lines


def _row(glyph: tuple[int, ...], row: int) -> str:
    dots = [*(glyph[at] for at in _STRETCH), 0]
    upper, lower = dots[2 * row], dots[2 * row + 1]
    return "".join(_BLOCKS[2 * (upper >> bit & 1) + (lower >> bit & 1)] for bit in range(WIDTH - 1, -1, -1))
