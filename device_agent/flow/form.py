"""application/x-www-form-urlencoded for bodies that have no urllib (RFC 6749 appendix B)."""

_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._*"


def encode_form(pairs: tuple[tuple[str, str], ...]) -> bytes:
    """Encode (name, value) pairs of strings; values are UTF-8, a space becomes `+`."""
    return b"&".join([_escape(name) + b"=" + _escape(value) for name, value in pairs])


def _escape(text: str) -> bytes:
    out = bytearray()
    for byte in text.encode("utf-8"):
        if byte == 0x20:
            out.append(0x2B)
        elif byte in _PLAIN:
            out.append(byte)
        else:
            out.extend(b"%%%02X" % byte)
    return bytes(out)
