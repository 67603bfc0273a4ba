"""A QR code as an SVG path: one run of dark modules after the other, a module is one unit."""


def path_of(modules: list[list[bool]], left: int = 0, top: int = 0) -> str:
    """The `d` of a path that fills the dark modules, its first module at (left, top)."""
    parts = []
    for y, row in enumerate(modules, top):
        start = -1
        for x, dark in enumerate([*row, False]):
            if dark and start < 0:
                start = x
            elif not dark and start >= 0:
                parts.append(f"M{left + start} {y}h{x - start}v1h-{x - start}z")
                start = -1
    return "".join(parts)
