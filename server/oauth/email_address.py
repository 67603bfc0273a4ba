"""E-mail addresses: which may be kept, and how two are compared (RFC 5321 sections 2.3.11 and 4.5.3.1)."""

import re
from typing import Final

LONGEST: Final = 254
# Plain ASCII and no quoting: what every mail server takes, and nothing that could end a header or a command.
# `=?` begins an encoded word (RFC 2047), which a header would have decoded: another address than was looked at.
_SHAPE: Final = re.compile(
    r"(?!.*=\?)"
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


def tidy_email(typed: str) -> str:
    """The address as it is compared and kept: small letters, no outer spaces; "" when it is none.

    The part before the @ could differ by case; no mail service in use gives two people such addresses.
    """
    address = typed.strip()
    local, _, domain = address.partition("@")
    if len(address) > LONGEST or len(local) > 64 or len(domain) > 253 or _SHAPE.fullmatch(address) is None:
        return ""
    return address.lower()
