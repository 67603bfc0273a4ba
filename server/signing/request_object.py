"""Reads JWTs that clients sign: request objects and hint tokens (RFC 9101, CIBA Core section 7); and our own ID tokens.

What a JWT must say is the law's to judge; here its form, algorithm and signature are.
"""

import json
from typing import Any, Final

import jwt

from server.oauth.backchannel_asked import Signed
from server.oauth.errors import InvalidRequest

from .assertion import ALGORITHMS, verified
from .keys import KeyRing

LONGEST: Final = 8_192
_WRONG: Final = "is malformed, or no key of the client verifies it"
_UNCHECKED: Final = ("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_sub", "verify_jti")
_OF_CLIENTS: Final[Any] = {"require": ["iss", "aud", "exp", "jti"], **dict.fromkeys(_UNCHECKED, False)}
_OPTIONS: Final[Any] = {
    "require": ["iss", "sub", "aud", "exp"],
    # Our own token as a hint: it may have expired, and whose it is is looked at.
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud"), False),
}


def read_signed(text: str, jwks: str, what: str) -> Signed:
    """What the JWT says, once one of the client's keys (a JWK Set in JSON) verifies it. Raises `InvalidRequest`."""
    if len(text) > LONGEST:
        raise InvalidRequest(f"{what} is too long")
    try:
        header = jwt.get_unverified_header(text)
        if header.get("alg") not in ALGORITHMS:
            raise InvalidRequest(f"{what} is not an asymmetrically signed JWT")
        claims = verified(text, header, json.loads(jwks)["keys"], _OF_CLIENTS)
        audience = claims["aud"]
        return Signed(
            algorithm=str(header["alg"]),
            issuer=_text(claims["iss"]),
            audience=tuple(map(_text, [audience] if isinstance(audience, str) else audience)),
            expires_at=_instant(claims["exp"]),
            issued_at=_instant(claims["iat"]) if "iat" in claims else None,
            not_before=_instant(claims["nbf"]) if "nbf" in claims else None,
            token_id=_text(claims["jti"]),
            members=claims,
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError):
        raise InvalidRequest(f"{what} {_WRONG}") from None


def read_identity_hint(text: str, ring: KeyRing, issuer: str, client_id: str, now: int) -> str:
    """The `sub` of an ID token that we issued to this client, expired or not. Raises `InvalidRequest`."""
    try:
        header = jwt.get_unverified_header(text[:LONGEST])
        pair = ring.verifying(str(header.get("kid")), now)
        if pair is None or header.get("typ", "JWT") != "JWT":
            raise InvalidRequest("id_token_hint is not an ID token of this server, or of keys long gone")
        claims = jwt.decode(text, pair.public, [pair.kept.algorithm], issuer=issuer, options=_OPTIONS)
        if claims["aud"] != client_id:
            raise InvalidRequest("id_token_hint was not issued to this client")
        return _text(claims["sub"])
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise InvalidRequest("id_token_hint is not an ID token of this server") from None


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("not a text")
    value.encode()  # a lone surrogate raises a ValueError here, and nowhere later
    return value


def _instant(value: Any) -> int:
    return int(float(value) * 1_000)
