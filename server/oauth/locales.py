"""The languages that a device or an app asks for (`ui_locales`, OpenID Connect Core section 3.1.2.1)."""

import re
from typing import Final

MOST: Final = 3  # kept with every sign-in that waits, so no more than a person has use for
_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,3}")


def locales_of(text: str | None) -> tuple[str, ...]:
    """The first tags of BCP 47 in a list separated by spaces; what is none is passed over, and nothing is an error."""
    if not text:
        return ()
    return tuple(tag for tag in text[:200].split(" ") if _TAG.fullmatch(tag))[:MOST]
