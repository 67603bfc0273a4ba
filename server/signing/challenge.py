"""The signature of a device over a challenge, with the key that its token is bound to (RFC 9431 section 2.2.4.2)."""

import json
from collections.abc import Mapping
from typing import Final

import jwt

from server.oauth.proof import InvalidProof

from .proof import public_key, thumbprint

# The key alone decides how its signature is made, so nothing on the wire can ask for a weaker one, or for "none".
ALGORITHMS: Final[Mapping[tuple[object, object], str]] = {
    ("OKP", "Ed25519"): "EdDSA",
    ("EC", "P-256"): "ES256",
    ("RSA", None): "RS256",
}
LONGEST_JWK: Final = 2_048


def signer(jwk_text: str, message: bytes, signature: bytes) -> str:
    """The thumbprint (RFC 7638) of the key in this JWK, which made this signature; raises `InvalidProof`.

    Signatures look as in JWS (RFC 7515): for ES256 the two numbers side by side, 64 bytes.
    """
    try:
        jwk = json.loads(jwk_text) if len(jwk_text) <= LONGEST_JWK else None
        if not isinstance(jwk, dict):
            raise InvalidProof("the key is no JWK")
        algorithm = ALGORITHMS.get((jwk.get("kty"), jwk.get("crv")))
        if algorithm is None or jwk.get("alg", algorithm) != algorithm:
            raise InvalidProof("the key is none for EdDSA (Ed25519), ES256 or RS256")
        key = public_key(jwk, algorithm)
        if not jwt.get_algorithm_by_name(algorithm).verify(message, key, signature):
            raise InvalidProof("the signature over the challenge is wrong")
        return thumbprint(jwk)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise InvalidProof("the key is no JWK") from error
