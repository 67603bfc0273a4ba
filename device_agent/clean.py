"""Text from elsewhere, made safe for a terminal, a log line and a person's eye."""

# What can drive a terminal or turn text around: C0, DEL, C1, bidi controls, zero-width and line separators.
_BIDI = (
    "\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)


def clean(value: object, limit: int = 200) -> str:
    """One line of printable text of at most `limit` characters, without controls or escapes; "" if no string."""
    if not isinstance(value, str):
        return ""
    kept = "".join([" " if sign in "\t\n\r" else sign for sign in value[: limit * 4] if _is_plain(sign)])
    return " ".join(kept.split())[:limit]


def _is_plain(sign: str) -> bool:
    if sign in "\t\n\r":
        return True
    return (
        ord(sign) >= 0x20 and not 0x7F <= ord(sign) <= 0x9F and sign not in _BIDI and not 0xD800 <= ord(sign) <= 0xDFFF
    )
