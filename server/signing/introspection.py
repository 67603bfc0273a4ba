"""Introspection answers as signed JWTs (RFC 9701 section 5), by the algorithm that every client knows (section 6)."""

from collections.abc import Mapping
from typing import Any, Final

import jwt

from .keys import KeyRing

ALGORITHMS: Final = ("RS256",)
TYPE: Final = "token-introspection+jwt"
MEDIA_TYPE: Final = f"application/{TYPE}"


def sign_introspection(ring: KeyRing, issuer: str, caller_id: str, described: Mapping[str, Any], now: int) -> str:
    """The answer for this caller alone. All that is said of the token is inside one member.

    At the top stands neither `sub` nor `exp`, so that nobody takes the answer for a token (section 8.1).
    """
    pair = ring.signing(ALGORITHMS[0], now)
    claims = {"iss": issuer, "aud": caller_id, "iat": now // 1_000, "token_introspection": dict(described)}
    headers = {"typ": TYPE, "kid": pair.kept.key_id}
    return jwt.encode(claims, pair.private, algorithm=pair.kept.algorithm, headers=headers)
