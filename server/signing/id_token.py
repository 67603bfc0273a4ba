"""ID tokens (OpenID Connect Core section 2), signed with RS256, which every client must know (section 15.1)."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import jwt

from server.oauth.authentication import acr
from server.oauth.identity import Identity

from .keys import KeyRing

ALGORITHMS: Final = ("RS256",)
_NO_CLAIMS: Final[Mapping[str, str]] = MappingProxyType({})


def sign_identity(
    ring: KeyRing, issuer: str, identity: Identity, access_token: str = "", claims: Mapping[str, str] = _NO_CLAIMS
) -> str:
    """The JWT that says who signed in, and further `claims`; it is for the client alone, and no API takes it."""
    pair = ring.signing(ALGORITHMS[0], identity.issued_at)
    said: dict[str, Any] = {
        "iss": issuer,
        "sub": identity.account_id,
        "aud": identity.client_id,
        "iat": identity.issued_at // 1_000,
        "exp": identity.expires_at // 1_000,
        "auth_time": identity.auth_time // 1_000,
    }
    more = {"nonce": identity.nonce, "acr": acr(identity.amr), "amr": list(identity.amr), "sid": identity.family_id}
    more["at_hash"] = half_hash(access_token) if access_token else ""
    said |= {name: value for name, value in more.items() if value}
    said |= claims
    return jwt.encode(said, pair.private, algorithm=pair.kept.algorithm, headers={"kid": pair.kept.key_id})


def half_hash(token: str) -> str:
    """`at_hash`: the left half of the SHA-256, in unpadded base64url (section 3.1.3.6)."""
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()
