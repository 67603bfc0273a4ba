"""Reads client assertions: form, algorithm, signature (RFC 7523 section 3). What one must say: `oauth/client.py`."""

import json
from typing import Any, Final

import jwt

from server.oauth.client import Assertion
from server.oauth.errors import InvalidClient, InvalidRequest

from .proof import LONGEST_E, LONGEST_N

ALGORITHMS: Final = ("ES256", "EdDSA", "RS256")
TYPES: Final = (None, "JWT", "client-authentication+jwt")
LONGEST: Final = 8_192
_PRIVATE: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_OPTIONS: Final[Any] = {
    "require": ["iss", "sub", "aud", "exp", "jti"],
    # The law checks what is said: its clock is an argument.
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_sub", "verify_jti"), False),
}


def named_client(text: str) -> str:
    """The client that an assertion claims to be of, nothing of it proven; raises `InvalidClient`."""
    try:
        return _text(jwt.decode(text[:LONGEST], options={"verify_signature": False}), "sub")
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise InvalidClient("the client assertion is malformed") from error


def read_assertion(text: str, jwks: str) -> Assertion:
    """What a `private_key_jwt` says, once one of the client's keys (a JWK Set in JSON) verifies it."""
    if len(text) > LONGEST:
        raise InvalidClient("the client assertion is too long")
    try:
        header = jwt.get_unverified_header(text)
        if header.get("typ") not in TYPES or header.get("alg") not in ALGORITHMS:
            raise InvalidClient("the client assertion is not an asymmetrically signed JWT")
        claims = verified(text, header, json.loads(jwks)["keys"])
        return Assertion(
            issuer=_text(claims, "iss"),
            subject=_text(claims, "sub"),
            audience=claims["aud"],
            expires_at=int(float(claims["exp"]) * 1_000),
            assertion_id=_text(claims, "jti"),
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise InvalidClient("the client assertion is malformed, or no key of the client verifies it") from error


def check_jwks(text: str) -> str:
    """The JWK Set of a client about to be registered, tidied; raises `InvalidRequest` with what is wrong."""
    try:
        keys = json.loads(text)["keys"]
        for key in keys:
            if _PRIVATE & key.keys():
                raise InvalidRequest("jwks holds a private key: register the public half only")
            if len(str(key.get("n", ""))) > LONGEST_N or len(str(key.get("e", ""))) > LONGEST_E:
                raise InvalidRequest("an RSA key has at most 4096 bits and a small exponent")
            jwt.PyJWK(key)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        raise InvalidRequest('jwks is a JWK Set in JSON: {"keys": [...]}') from None
    if not keys:
        raise InvalidRequest("jwks holds no key")
    return json.dumps({"keys": keys}, separators=(",", ":"))


def verified(text: str, header: dict[str, Any], keys: list[dict[str, Any]], options: Any = _OPTIONS) -> dict[str, Any]:
    """The claims, by the key that the header names, or by the only one that fits."""
    key_id = header.get("kid")
    for key in keys:
        if key_id is None or key.get("kid") in (None, key_id):
            try:
                public = jwt.PyJWK(key, algorithm=header["alg"])
                claims: dict[str, Any] = jwt.decode(text, public.key, [header["alg"]], options=options)
            except (jwt.InvalidSignatureError, jwt.InvalidKeyError, jwt.PyJWKError, TypeError):
                continue
            return claims
    raise KeyError("no key fits")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or "\0" in value:
        raise TypeError(name)
    value.encode()  # a lone surrogate raises a ValueError here, and nowhere later
    return value
