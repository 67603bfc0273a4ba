"""Secrets we draw and the only form in which they are kept (RFC 6749 section 10.10).

Every kind of secret has its own name mixed into its hash, so that a hash of one kind never matches another kind.
"""

import hashlib
import hmac
import secrets
from typing import Literal

Kind = Literal[
    "device_code",
    "user_code",
    "refresh_token",
    "session",
    "client_secret",
    "proof",
    "assertion",
    "request",
    "code",
    "auth_req_id",
    "request_object",
    "initial_token",
    "registration_token",
    "link",
    "attempt",
    "browser",
    "recovery_code",
    "identity",
]


def draw() -> str:
    """256 random bits in 43 characters of `[A-Za-z0-9_-]`."""
    return secrets.token_urlsafe(32)


def draw_id() -> str:
    """A name for a thing: 120 random bits in 20 characters of `[A-Za-z0-9_-]`, no secret.

    No dash comes first: on a command line it would be taken for a flag.
    """
    while (drawn := secrets.token_urlsafe(15)).startswith("-"):
        continue
    return drawn


def digest(kind: Kind, secret: str) -> bytes:
    """32 bytes that stand for the secret. Good for secrets of high entropy; passwords go through argon2 instead."""
    return hashlib.sha256(f"{kind}\0{secret}".encode()).digest()


def matches(kind: Kind, secret: str, expected: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest(kind, secret), expected)
