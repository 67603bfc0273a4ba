"""A sheet as SVG, or as PNG with one bit a pixel (ISO/IEC 15948) by the standard library's zlib."""

import struct
import zlib
from html import escape

from device_agent.displays.dots import rows_of
from device_agent.displays.sheet import Sheet
from device_agent.displays.svg import path_of

CAP = 7  # dots that a capital is high; a font's capitals are about 0.7 of its size
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def svg(sheet: Sheet, language: str) -> bytes:
    """Black on white, the text as text."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{sheet.width}" height="{sheet.height}"'
        f' viewBox="0 0 {sheet.width} {sheet.height}" xml:lang="{language}">'
        f'<rect width="100%" height="100%" fill="#fff"/>'
    ]
    if sheet.modules:
        where = f"translate({sheet.left} {sheet.top}) scale({sheet.module})"
        parts.append(f'<path shape-rendering="crispEdges" transform="{where}" d="{path_of(sheet.modules)}"/>')
    parts += [
        f'<text x="{text.left}" y="{text.top + CAP * text.scale}" font-family="{FONT}"'
        f' font-size="{text.scale * 10}">{escape(text.text)}</text>'
        for text in sheet.texts
    ]
    return ("\n".join([*parts, "</svg>\n"])).encode()


def png(sheet: Sheet) -> bytes:
    """The same in dots."""
    rows = [bytearray(b"\x01" * sheet.width) for _ in range(sheet.height)]
    for y, modules in enumerate(sheet.modules):
        for x, dark in enumerate(modules):
            if dark:
                _fill(rows, sheet.left + x * sheet.module, sheet.top + y * sheet.module, sheet.module)
    for text in sheet.texts:
        for y, line in enumerate(rows_of(text.text)):
            for x, dot in enumerate(line):
                if dot == "1":
                    _fill(rows, text.left + x * text.scale, text.top + y * text.scale, text.scale)
    header = struct.pack(">IIBBBBB", sheet.width, sheet.height, 1, 0, 0, 0, 0)  # one bit, greyscale
    body = b"".join(b"\x00" + _packed(row) for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(body, 9)) + _chunk(b"IEND", b"")
    )


def _fill(rows: list[bytearray], left: int, top: int, size: int) -> None:
    for row in rows[top : top + size]:
        right = min(left + size, len(row))
        if right > left:
            row[left:right] = bytes(right - left)


def _packed(row: bytearray) -> bytes:
    bits = row + b"\x01" * (-len(row) % 8)
    return int(bits.translate(_AS_DIGITS), 2).to_bytes(len(bits) // 8, "big")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_AS_DIGITS = bytes([0x30 + (value & 1) for value in range(256)])
