"""A square that a phone scans, drawn into the page: dark on light whatever the theme, with its quiet zone."""

from markupsafe import Markup

QUIET = 4  # modules


def square(text: str) -> Markup:
    """An SVG of one path. The words for it stand beside it."""
    from qrcode.constants import ERROR_CORRECT_M  # where a code app is set up: seldom
    from qrcode.main import QRCode

    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    size = len(rows)
    return Markup(
        '<svg class="square" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" aria-hidden="true">'
        '<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    ).format(size=size, path=path)
