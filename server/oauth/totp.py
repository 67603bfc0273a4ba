"""One-time codes of a code app: six digits, thirty seconds (RFC 6238, RFC 4226), and what stands in for one.

Each code opens once: the time step of the last one is remembered, and none before it counts (RFC 6238 section 5.2).
"""

import hmac
import re
import secrets
import unicodedata
from base64 import b32decode, b32encode
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode

from .factor import RecoveryCode, Totp
from .secret import digest

STEP: Final = 30_000  # milliseconds
DIGITS: Final = 6
DRIFT: Final = 1  # steps that a clock may be off
RECOVERY_CODES: Final = 10
# No vowels, so that no words come out; nothing that looks like something else.
_ALPHABET: Final = "bcdfghjkmnpqrstvwxz23456789"
_RECOVERY: Final = 16  # characters: 76 bits


class WrongCode(Exception):
    """It is none of this secret's codes of now, or it was used."""


def draw_secret() -> str:
    """160 random bits (RFC 4226 section 4, R6), in base 32 as code apps take them."""
    return b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a time step (RFC 4226 section 5.3)."""
    mac = hmac.digest(b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def read_code(typed: str) -> str:
    """The six digits that were typed, in any script, spaces and dashes aside; "" when it is something else."""
    plain = re.sub(r"[\s\-–]", "", unicodedata.normalize("NFKC", typed[:64]))
    return "".join(str(unicodedata.digit(each)) for each in plain) if plain.isdecimal() and len(plain) == DIGITS else ""


def used(totp: Totp | None, secret: str, typed: str, now: int) -> Totp:
    """The same with this code used up, and confirmed by it. Raises `WrongCode`."""
    code, step = read_code(typed), now // STEP
    if totp is None or not code:
        raise WrongCode
    for each in range(step - DRIFT, step + DRIFT + 1):
        if each > totp.last_step and hmac.compare_digest(code_at(secret, each), code):
            return replace(totp, is_confirmed=True, last_step=each, last_used_at=now)
    raise WrongCode


def provisioning_uri(secret: str, service: str, username: str) -> str:
    """What the square says to a code app (the Key URI format of Google Authenticator, which they all read)."""
    label = quote(f"{service}:{username}", safe="")
    return f"otpauth://totp/{label}?" + urlencode({"secret": secret, "issuer": service}, quote_via=quote)


def draw_recovery_codes() -> tuple[str, ...]:
    """Ten, as a person writes them down."""
    drawn = ("".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY)) for _ in range(RECOVERY_CODES))
    return tuple("-".join(code[at : at + 4] for at in range(0, _RECOVERY, 4)) for code in drawn)


def read_recovery_code(typed: str) -> str:
    """What was typed in the one spelling that is hashed; "" when it cannot be one."""
    plain = re.sub(r"[\s\-–]", "", unicodedata.normalize("NFKC", typed[:64])).lower()
    return plain if len(plain) == _RECOVERY and set(plain) <= set(_ALPHABET) else ""


def kept(account_id: str, code: str) -> RecoveryCode:
    """The form in which it is kept."""
    return RecoveryCode(digest("recovery_code", f"{account_id}\0{read_recovery_code(code)}"), account_id)
