"""A key that proves possession (RFC 9449), written with PyJWT alone: what a device of somebody else would do."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm


class Key:
    """One EC key; `proof` makes the value of a `DPoP` header."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.jwk: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(self.private.public_key()))

    @property
    def jkt(self) -> str:
        members = {name: self.jwk[name] for name in ("crv", "kty", "x", "y")}
        return thumb(members)

    def proof(self, method: str, url: str, at: int, *, token: str = "", algorithm: str = "ES256", **claims: Any) -> str:
        """`at` in milliseconds. A claim given as None is left out."""
        said = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": url, "iat": at // 1_000} | claims
        if token:
            said.setdefault("ath", _hash(token))
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, self.private, algorithm=algorithm, headers={"typ": "dpop+jwt", "jwk": self.jwk})


def thumb(members: dict[str, Any]) -> str:
    """The thumbprint of a key with just these members (RFC 7638)."""
    return _hash(json.dumps(members, separators=(",", ":"), sort_keys=True))


def _hash(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
