"""The signatures of other providers' ID tokens (OpenID Connect Core section 3.1.3.7, points 6 to 8; RFC 7518)."""

import json
from typing import Any, Final

import jwt

from .proof import LONGEST_E, LONGEST_N

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA", "PS256", "RS384", "RS512", "ES384", "ES512", "PS384", "PS512")
LONGEST: Final = 16_384
_OPTIONS: Final[Any] = {
    # The law checks what is said: its clock is an argument.
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_sub", "verify_jti"), False),
}


class Unverified(Exception):
    """No key of the provider verifies it, or it cannot be read. `is_key_missing`: other keys might."""

    def __init__(self, detail: str, *, is_key_missing: bool = False) -> None:
        super().__init__(detail)
        self.is_key_missing = is_key_missing


def read_upstream(text: str, jwks: str) -> dict[str, Any]:
    """The claims of an ID token that one of these keys (a JWK Set in JSON) verifies. Raises `Unverified`."""
    if len(text) > LONGEST:
        raise Unverified("it is too long")
    try:
        header = jwt.get_unverified_header(text)
        keys = json.loads(jwks)["keys"]
        named = header.get("kid")
        fitting = [key for key in keys if _fits(key, named)]
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unverified(f"it cannot be read ({type(error).__name__})") from None
    if header.get("alg") not in ALGORITHMS:
        raise Unverified("it is not signed with an asymmetric key")
    for key in fitting:
        try:
            public = jwt.PyJWK(key, algorithm=header["alg"])
            claims: dict[str, Any] = jwt.decode(text, public.key, [header["alg"]], options=_OPTIONS)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        return claims
    raise Unverified("no key of the provider verifies it", is_key_missing=True)


def _fits(key: dict[str, Any], named: object) -> bool:
    is_small = len(str(key.get("n", ""))) <= LONGEST_N and len(str(key.get("e", ""))) <= LONGEST_E
    is_asymmetric = key.get("kty") in ("RSA", "EC", "OKP")
    return is_small and is_asymmetric and key.get("use", "sig") == "sig" and named in (None, key.get("kid"))
