"""What a device calls itself, made harmless before anybody reads it: a claim is no fact (RFC 10027 section 6.1.14)."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final, NamedTuple

LONGEST: Final = 32
_DROPPED: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "So", "Sk", "Mn", "Me")  # no signs that steer, no pictures
_KEPT_MARKS: Final = 2  # combining marks on one letter: more is no script, but a mess
_LINK: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//\S*|\bwww\.\S*|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:[/:]\S*)?", re.I)
# Letters of other scripts that are read as Latin ones, so that a reserved word does not hide behind them.
_LOOKS_LIKE: Final = str.maketrans("аеорсхуікмтнвԁѕјӏοαερικνυχ0135$@", "aeopcxyikmthbdsjloaepikvuxolessa")
RESERVED: Final = (
    "microsoft", "google", "gmail", "icloud", "paypal", "facebook", "whatsapp", "docusign", "admin", "helpdesk",
    "security", "verify", "verified", "verification", "authenticat", "signin", "login", "password",
)  # fmt: skip


class Claim(NamedTuple):
    """`name` to show, None when there is none; `is_hidden`: there was one, and it would mislead."""

    name: str | None
    is_hidden: bool = False


def claim_of(claimed: str | None, reserved: Collection[str] = RESERVED) -> Claim:
    """What may be shown of a claimed name: no control or bidirectional signs, no links, no pictures, 32 characters."""
    if not claimed:
        return Claim(None)
    text = _LINK.sub(" ", _plain(unicodedata.normalize("NFKC", claimed)))
    name = " ".join(text.split())[:LONGEST].strip()
    folded = _folded(name)
    if any(word in folded for word in reserved):
        return Claim(None, is_hidden=True)
    return Claim(name or None)


def _plain(text: str) -> str:
    kept, marks = [], 0
    for sign in text:
        category = unicodedata.category(sign)
        is_mark = category in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        if (is_mark and marks <= _KEPT_MARKS) or category not in _DROPPED:
            kept.append(sign)
        elif category in ("Zl", "Zp", "Cc"):
            kept.append(" ")
    return "".join(kept)


def _folded(name: str) -> str:
    """The name as it is read: small Latin letters alone, with what only looks like them."""
    bare = unicodedata.normalize("NFD", name.casefold()).translate(_LOOKS_LIKE)
    return "".join(sign for sign in bare if sign.isalnum())
