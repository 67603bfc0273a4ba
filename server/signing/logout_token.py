"""Logout tokens (OpenID Connect Back-Channel Logout section 2.4), signed like ID tokens; and ID tokens as hints."""

from dataclasses import dataclass
from typing import Any, Final

import jwt

from server.oauth.token import Family

from .id_token import ALGORITHMS
from .keys import KeyRing

LIVES_FOR: Final = 120_000
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Hint:
    """What an ID token of ours said once: whose it was, for which client, in which session ("": none)."""

    client_id: str
    account_id: str
    family_id: str


def sign_logout(ring: KeyRing, issuer: str, family: Family, token_id: str, now: int) -> str:
    """The JWT that tells this family's app that its session is over. No nonce: it is no ID token, and none takes it."""
    pair = ring.signing(ALGORITHMS[0], now)
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": family.account_id,
        "aud": family.client_id,
        "iat": now // 1_000,
        "exp": (now + LIVES_FOR) // 1_000,
        "jti": token_id,
        "sid": family.family_id,
        "events": {EVENT: {}},
    }
    headers = {"typ": "logout+jwt", "kid": pair.kept.key_id}
    return jwt.encode(claims, pair.private, algorithm=pair.kept.algorithm, headers=headers)


def read_hint(ring: KeyRing, issuer: str, text: str, now: int) -> Hint | None:
    """An `id_token_hint`, however old (RP-Initiated Logout section 2); None when no published key of ours made it."""
    try:
        header = jwt.get_unverified_header(text)
        pair = ring.verifying(str(header.get("kid")), now)
        if header.get("typ", "JWT") != "JWT" or pair is None:
            return None
        claims = jwt.decode(text, pair.public, algorithms=[pair.kept.algorithm], issuer=issuer, options=_OPTIONS)
        return Hint(str(claims["aud"]), str(claims["sub"]), str(claims.get("sid", "")))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None


_OPTIONS: Final[Any] = {
    "require": ["iss", "sub", "aud", "exp", "iat"],
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud"), False),
}
