"""Reads DPoP proofs: form, algorithm and signature (RFC 9449 section 4.3). What one must say is `oauth/proof.py`'s."""

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any, Final

import jwt

from server.oauth.proof import InvalidProof, Proof

ALGORITHMS: Final = ("ES256", "EdDSA", "RS256")
LONGEST: Final = 8_192
# RFC 7638 section 3.2: the members a thumbprint is made of, for each kind of key.
_THUMBED: Final = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
KINDS: Final = frozenset(_THUMBED)
_PRIVATE: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
SMALLEST_RSA: Final = 2_048
LONGEST_N: Final = 684  # characters of base64url: 4096 bits
LONGEST_E: Final = 6  # 32 bits


def read_proof(text: str) -> Proof:
    """The proof in a `DPoP` header's value; raises `InvalidProof`."""
    if len(text) > LONGEST:
        raise InvalidProof("the proof is too long")
    try:
        header = jwt.get_unverified_header(text)
        jwk = header.get("jwk")
        algorithm = header.get("alg")
        if header.get("typ") != "dpop+jwt" or algorithm not in ALGORITHMS or not isinstance(jwk, dict):
            raise InvalidProof("a proof is a JWT of type dpop+jwt with its public key, signed asymmetrically")
        key = public_key(jwk, algorithm)
        options: Any = {"require": ["jti", "htm", "htu", "iat"]} | dict.fromkeys(_UNCHECKED, False)
        claims = jwt.decode(text, key, algorithms=[algorithm], options=options)
        return Proof(
            jkt=thumbprint(jwk),
            proof_id=_text(claims, "jti"),
            method=_text(claims, "htm"),
            url=_text(claims, "htu"),
            issued_at=int(float(claims["iat"]) * 1_000),
            nonce=_text(claims, "nonce") if "nonce" in claims else None,
            token_hash=_text(claims, "ath") if "ath" in claims else None,
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise InvalidProof("the proof is malformed, or its signature is wrong") from error


# The law checks the times: its clock is an argument.
_UNCHECKED: Final = ("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_iss", "verify_sub", "verify_jti")


def thumbprint(jwk: dict[str, Any]) -> str:
    """The SHA-256 thumbprint of a public key (RFC 7638), unpadded base64url."""
    members = {name: _text(jwk, name) for name in _THUMBED[str(jwk["kty"])]}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    return urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def public_key(jwk: dict[str, Any], algorithm: str) -> Any:
    """The public key in a JWK, for this algorithm; raises `InvalidProof`, or what PyJWT raises."""
    if _PRIVATE & jwk.keys():
        raise InvalidProof("the proof carries a private key")
    if len(str(jwk.get("n", ""))) > LONGEST_N or len(str(jwk.get("e", ""))) > LONGEST_E:
        raise InvalidProof("an RSA key has at most 4096 bits and a small exponent")  # else it takes ages to verify
    loaded = jwt.PyJWK(jwk, algorithm=algorithm)
    if getattr(loaded.key, "key_size", SMALLEST_RSA) < SMALLEST_RSA and jwk.get("kty") == "RSA":
        raise InvalidProof(f"an RSA key has at least {SMALLEST_RSA} bits")
    return loaded.key


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or "\0" in value:
        raise TypeError(name)
    value.encode()  # a lone surrogate raises a ValueError here, and nowhere later
    return value
