"""User codes: draw, format and forgive (RFC 8628 section 6.1)."""

import secrets
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

MAX_TYPED: Final = 256


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of user code: `length` symbols of `alphabet`, shown in groups of `group`."""

    name: str
    alphabet: str
    length: int
    group: int

    @property
    def count(self) -> int:
        """How many different codes there are."""
        return int(len(self.alphabet) ** self.length)


LETTERS: Final = Profile("letters", "BCDFGHJKLMNPQRSTVWXZ", 8, 4)  # no vowels, no look-alikes: 34.6 bits
DIGITS: Final = Profile("digits", "0123456789", 9, 3)  # for keyboards without Latin letters: 29.9 bits
PROFILES: Final = (LETTERS, DIGITS)

# What people type or paste for a symbol of the alphabet: Cyrillic and Greek capitals of the same shape.
_SAME_SHAPE: Final = str.maketrans("ВСНКМТРХЅЈԜВΒΗΚΜΝΡΤΧΖ", "BCHKMTPXSJWBBHKMNPTXZ")
_DIGIT_SLIPS: Final = str.maketrans("OQIL", "0011")
_LETTER_SLIPS: Final = str.maketrans("5826", "SBZG")


def draw(profile: Profile = LETTERS) -> str:
    """A code in its normal form (no separator), each one as likely as any other."""
    number = secrets.randbelow(profile.count)
    symbols = []
    for _ in range(profile.length):
        number, index = divmod(number, len(profile.alphabet))
        symbols.append(profile.alphabet[index])
    return "".join(symbols)


def show(code: str) -> str:
    """A normal form as people see it: WDJB-MJHT, 019-450-730."""
    group = DIGITS.group if code.isdigit() else LETTERS.group
    return "-".join(code[i : i + group] for i in range(0, len(code), group))


def normalise(typed: str) -> str | None:
    """The normal form of whatever was typed or pasted, or None when it cannot be a code.

    Forgives case, spaces, dashes, full-width and look-alike letters, digits of any script, and a whole pasted link.
    """
    text = _from_link(unicodedata.normalize("NFKC", typed[:MAX_TYPED]))
    plain = "".join(_plain(symbol) for symbol in text.upper().translate(_SAME_SHAPE))
    for profile, slips in ((LETTERS, _LETTER_SLIPS), (DIGITS, _DIGIT_SLIPS)):
        code = plain.translate(slips)
        if len(code) == profile.length and all(symbol in profile.alphabet for symbol in code):
            return code
    return None


def _from_link(text: str) -> str:
    """The code inside a pasted link: after `/D/` or `user_code=`; other text as it is."""
    upper = text.upper()
    for mark in ("USER_CODE=", "/D/"):
        at = upper.rfind(mark)
        if at >= 0:
            rest = unquote(text[at + len(mark) :])
            for end in "&#?/":
                rest = rest.split(end, 1)[0]
            return rest
    return text


def _plain(symbol: str) -> str:
    """The symbol when it can be part of a code, as ASCII; nothing for separators and other foreign characters."""
    if symbol.isdecimal():
        return str(unicodedata.digit(symbol))
    return symbol if symbol.isascii() and symbol.isalnum() else ""
