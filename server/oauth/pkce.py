"""Proof Key for Code Exchange, S256 alone (RFC 7636)."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final

from .errors import InvalidGrant, InvalidRequest

METHODS: Final = ("S256",)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-_]{43}")


def check_challenge(challenge: str | None, method: str | None) -> str:
    """The challenge of an authorization request; raises `InvalidRequest` (sections 4.3 and 4.4.1)."""
    if challenge is None:
        raise InvalidRequest("code_challenge is missing: PKCE is demanded of every client")
    if method != "S256":
        raise InvalidRequest("code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("code_challenge is the base64url SHA-256 of the verifier: 43 characters")
    return challenge


def check_verifier(verifier: str | None, challenge: str) -> None:
    """Raise `InvalidGrant` unless the verifier belongs to the challenge (section 4.6)."""
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("code_verifier is missing or malformed")
    derived = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(derived, challenge):
        raise InvalidGrant("code_verifier does not belong to the code_challenge")
