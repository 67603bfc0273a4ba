"""The QR code of an address, as rows of dark and light modules (ISO/IEC 18004 through the qrcode package)."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from qrcode.main import QRCode

_CODE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"


def payload(verification_uri: str, verification_uri_complete: str) -> str:
    """What to encode: the complete address, in capitals where its server promises to read those (`/D/WDJBMJHT`).

    Capitals make an alphanumeric QR code: version 2 in place of 4, modules a quarter larger at the same size.
    """
    address = verification_uri_complete or verification_uri
    _, separator, rest = address.partition("://")
    host, _, path = rest.partition("/")
    kind, _, code = path.partition("/")
    if separator and kind in ("d", "D") and code and all(sign in _CODE_LETTERS for sign in code.upper()):
        return address.upper() if host.isascii() else address
    return address


def load() -> "type[QRCode]":  # type: ignore[type-arg]
    """Import the QR core. Pillow is hidden meanwhile: it only makes pictures, and costs 18 ms where it is."""
    is_hidden = "PIL" not in sys.modules
    if is_hidden:
        sys.modules["PIL"] = None  # type: ignore[assignment]
    try:
        from qrcode.main import QRCode
    finally:
        if is_hidden:
            del sys.modules["PIL"]
    return QRCode


def draw(text: str) -> list[list[bool]]:
    """The modules without a quiet zone, True is dark; error correction M. [] when the text is too long for a code."""
    if len(text) > 500:
        return []
    code = load()(error_correction=0, border=0)  # 0 is M in the standard's own bits
    code.add_data(text)
    code.make()
    return [[bool(module) for module in row] for row in code.modules]


def framed(modules: list[list[bool]], border: int) -> list[list[bool]]:
    """The modules within a light quiet zone of `border` modules on each side."""
    width = len(modules) + 2 * border
    blank = [[False] * width for _ in range(border)]
    return blank + [[False] * border + row + [False] * border for row in modules] + blank
