"""The data types of MQTT on the wire, and the error that a broken one raises (MQTT 5 section 1.5).

A `take_*` reads from `body` at offset `at` and returns (value, next offset); a `put_*` returns bytes.
"""

from . import reasons

LARGEST_VARIABLE_INT = 268_435_455


class MqttError(Exception):
    """The peer broke the rules. `reason_code` is what MQTT 5 wants it told (0x81, 0x82, 0x95, ...)."""

    def __init__(self, reason_code: int, text: str) -> None:
        super().__init__(text)
        self.reason_code = reason_code


def malformed(text: str) -> MqttError:
    """Bytes that cannot be read (section 4.13, reason code 0x81)."""
    return MqttError(reasons.MALFORMED_PACKET, text)


def protocol_error(text: str) -> MqttError:
    """Bytes that can be read but must not be sent (section 4.13, reason code 0x82)."""
    return MqttError(reasons.PROTOCOL_ERROR, text)


def take_uint(body: bytes, at: int, size: int, end: int) -> tuple[int, int]:
    """A big-endian integer of `size` bytes (section 1.5.2 and 1.5.3); it must end before `end`."""
    after = at + size
    if after > end:
        raise malformed("the packet ends inside a number")
    return int.from_bytes(body[at:after], "big"), after


def take_variable_int(body: bytes, at: int, end: int) -> tuple[int, int]:
    """A Variable Byte Integer of at most four bytes, in its shortest form (section 1.5.5)."""
    value = 0
    for shift in (0, 7, 14, 21):
        if at >= end:
            raise malformed("the packet ends inside a variable byte integer")
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise malformed("a variable byte integer is longer than it need be")
            return value, at
    raise malformed("a variable byte integer is longer than four bytes")


def take_binary(body: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Binary Data: two bytes of length, then as many bytes (section 1.5.6)."""
    start = at + 2
    if start > end:
        raise malformed("the packet ends inside a length")
    after = start + (body[at] << 8 | body[at + 1])
    if after > end:
        raise malformed("the packet ends inside a string or binary field")
    return body[start:after], after


def take_text(body: bytes, at: int, end: int) -> tuple[str, int]:
    """A UTF-8 Encoded String without NUL and without surrogates (section 1.5.4)."""
    raw, at = take_binary(body, at, end)
    if b"\0" in raw:
        raise malformed("a string holds the character U+0000")
    if b"\xed" in raw:
        refuse_surrogates(raw)
    try:
        return str(raw, "utf-8"), at
    except UnicodeError:
        raise malformed("a string is not UTF-8") from None


def refuse_surrogates(raw: bytes) -> None:
    """U+D800 to U+DFFF start with ED A0 to ED BF; MicroPython's decoder would let them pass."""
    at = raw.find(b"\xed")
    while at >= 0:
        if raw[at + 1 : at + 2] >= b"\xa0":
            raise malformed("a string holds half of a surrogate pair")
        at = raw.find(b"\xed", at + 1)


def put_variable_int(value: int) -> bytes:
    """The shortest form of 0 to 268,435,455; ValueError beyond."""
    if 0 <= value < 0x80:
        return bytes((value,))
    if not 0 <= value <= LARGEST_VARIABLE_INT:
        raise ValueError("a variable byte integer holds 0 to 268435455")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def put_binary(value: bytes) -> bytes:
    """ValueError for more than 65,535 bytes."""
    if len(value) > 0xFFFF:
        raise ValueError("a string or binary field holds at most 65535 bytes")
    return len(value).to_bytes(2, "big") + value


def put_text(value: str) -> bytes:
    """ValueError (UnicodeError is one) for NUL, surrogates or more than 65,535 bytes."""
    if "\0" in value:
        raise ValueError("a string must not hold the character U+0000")
    raw = value.encode("utf-8")
    return put_binary(raw)


def put_packet(first_byte: int, body: bytes) -> bytes:
    """Fixed header and body (section 2.1)."""
    return bytes((first_byte,)) + put_variable_int(len(body)) + body
