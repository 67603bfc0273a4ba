"""QR modules as terminal cells, always black on white whatever the theme, in two ways.

Full blocks (two blank cells a module, coloured by background) survive any line height. Half blocks (one cell for two
modules) fit 80x24 and need the cells of two rows to touch.
"""

# (dark background, light background, dark foreground, light foreground), as SGR parameters
TRUE_COLORS = ("48;2;0;0;0", "48;2;255;255;255", "38;2;0;0;0", "38;2;255;255;255")
SIXTEEN_COLORS = ("40", "107", "30", "97")


def palette(environment: dict[str, str]) -> tuple[str, str, str, str]:
    """The colours this terminal can be trusted with."""
    return TRUE_COLORS if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") else SIXTEEN_COLORS


def full(modules: list[list[bool]], colors: tuple[str, str, str, str]) -> list[str]:
    """One row of cells a row of modules, each two cells wide."""
    return [_runs([(colors[0] if dark else colors[1], "  ") for dark in row]) for row in modules]


def half(modules: list[list[bool]], colors: tuple[str, str, str, str]) -> list[str]:
    """One row of cells for two rows of modules: the upper one is the foreground of an upper half block."""
    dark_back, light_back, dark_fore, light_fore = colors
    rows = []
    for upper in range(0, len(modules), 2):
        top = modules[upper]
        bottom = modules[upper + 1] if upper + 1 < len(modules) else [False] * len(top)
        cells = []
        for above, below in zip(top, bottom, strict=True):
            back = dark_back if below else light_back
            fore = dark_fore if above else light_fore
            cells.append((f"{fore};{back}", " " if above == below else "▀"))
        rows.append(_runs(cells))
    return rows


def _runs(cells: list[tuple[str, str]]) -> str:
    # A colour is written only where it changes: a code in true colour would be 20 kB otherwise.
    parts, current = [], ""
    for color, text in cells:
        if color != current:
            parts.append(f"\x1b[{color}m")
            current = color
        parts.append(text)
    return "".join(parts) + "\x1b[0m"
