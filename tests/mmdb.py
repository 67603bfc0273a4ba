"""Writes a small database in MaxMind's format (version 2.0) for IPv4 networks, so that tests bring their own."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

_MARKER = b"\xab\xcd\xefMaxMind.com"
_MAP, _ARRAY, _STRING, _BOOL, _UINT16, _UINT32, _UINT64 = 7, 11, 2, 14, 5, 6, 9


class Number(NamedTuple):
    """A number of one of the format's kinds; plain ones have 32 bits."""

    kind: int
    value: int


def write_places(path: Path, networks: Mapping[str, Mapping[str, Any]]) -> Path:
    """The database with a record for each network, such as `{"203.0.113.0/24": {"country": {"iso_code": "FR"}}}`."""
    tree: list[list[Any]] = [[None, None]]
    data, places = b"", []
    for text, record in networks.items():
        places.append((ipaddress.IPv4Network(text), len(data)))
        data += _encode(record)
    for network, offset in places:
        _put(tree, network, offset)
    count = len(tree)
    body = b"".join(_record(side, count) for node in tree for side in node)
    meta = {
        "binary_format_major_version": Number(_UINT16, 2),
        "binary_format_minor_version": Number(_UINT16, 0),
        "build_epoch": Number(_UINT64, 1),
        "database_type": "Test",
        "description": {"en": "places of tests"},
        "ip_version": Number(_UINT16, 4),
        "languages": ["en"],
        "node_count": count,
        "record_size": Number(_UINT16, 24),
    }
    path.write_bytes(body + bytes(16) + data + _MARKER + _encode(meta))
    return path


def _put(tree: list[list[Any]], network: ipaddress.IPv4Network, offset: int) -> None:
    node, address = 0, int(network.network_address)
    for depth in range(network.prefixlen):
        side = address >> (31 - depth) & 1
        if depth == network.prefixlen - 1:
            tree[node][side] = ("data", offset)
        elif tree[node][side] is None:
            tree.append([None, None])
            tree[node][side] = node = len(tree) - 1
        else:
            node = tree[node][side]


def _record(side: Any, count: int) -> bytes:
    number = count if side is None else count + 16 + side[1] if isinstance(side, tuple) else side
    return int(number).to_bytes(3, "big")


def _encode(value: Any) -> bytes:
    if isinstance(value, Mapping):
        return _control(_MAP, len(value)) + b"".join(_encode(key) + _encode(each) for key, each in value.items())
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(map(_encode, value))
    if isinstance(value, bool):
        return _control(_BOOL, int(value))
    if isinstance(value, int):
        value = Number(_UINT32, value)
    if isinstance(value, Number):
        raw = value.value.to_bytes((value.value.bit_length() + 7) // 8, "big")
        return _control(value.kind, len(raw)) + raw
    raw = value.encode()
    return _control(_STRING, len(raw)) + raw


def _control(kind: int, size: int) -> bytes:
    extended = kind > 7
    first = 0 if extended else kind << 5
    tail = bytes([kind - 7]) if extended else b""
    if size < 29:
        return bytes([first | size]) + tail
    assert size < 29 + 256
    return bytes([first | 29]) + tail + bytes([size - 29])
