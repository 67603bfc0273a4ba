"""Signing keys: drawn, kept in the storage, published as a JWK Set, rotated without a gap (RFC 7517, RFC 7518)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from server.oauth.secret import draw_id
from server.oauth.store import SigningKey

Algorithm = Literal["ES256", "RS256"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("ES256", "RS256")
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Pair:
    """A key of the storage, unpacked for use."""

    kept: SigningKey
    private: PrivateKey
    public: PublicKey


def draw_key(algorithm: Algorithm, now: int, active_at: int) -> SigningKey:
    """A new key that begins to sign at `active_at`, so that verifiers have time to learn of it."""
    private: PrivateKey
    if algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(draw_id(), algorithm, pem.decode(), now, active_at)


def unpack(key: SigningKey) -> Pair:
    """Raises `ValueError` for a PEM that is no key of ours."""
    private = serialization.load_pem_private_key(key.private_pem.encode(), password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError(f"signing key {key.key_id} is neither an EC nor an RSA key")
    return Pair(key, private, private.public_key())


class KeyRing:
    """The keys in use. Which one signs and which are published depends only on the time."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._pairs = {key.key_id: unpack(key) for key in sorted(keys, key=lambda key: key.active_at)}

    @property
    def nonce_secret(self) -> bytes:
        """A secret that all servers share, because they share these keys; it changes when they are rotated."""
        together = "\0".join(sorted(pair.kept.private_pem for pair in self._pairs.values()))
        return hashlib.sha256(b"nonces\0" + together.encode()).digest()

    def signing(self, algorithm: str, now: int) -> Pair:
        """The newest active key, or the first before any is active; `LookupError` when there is none."""
        pairs = [pair for pair in self._pairs.values() if pair.kept.algorithm == algorithm]
        if not pairs:
            raise LookupError(f"there is no {algorithm} key; run: porchlight keys rotate")
        active = [pair for pair in pairs if pair.kept.active_at <= now]
        return active[-1] if active else pairs[0]

    def verifying(self, key_id: str, now: int) -> Pair | None:
        """The published key of this id."""
        pair = self._pairs.get(key_id)
        return pair if pair is not None and not _is_retired(pair.kept, now) else None

    def jwks(self, now: int) -> dict[str, list[dict[str, Any]]]:
        """The public halves, next key included, retired ones not (RFC 7517 section 5)."""
        return {"keys": [_jwk(pair) for pair in self._pairs.values() if not _is_retired(pair.kept, now)]}


def _is_retired(key: SigningKey, now: int) -> bool:
    return key.retired_at is not None and now >= key.retired_at


def _jwk(pair: Pair) -> dict[str, Any]:
    public = pair.public
    text = ECAlgorithm.to_jwk(public) if isinstance(public, ec.EllipticCurvePublicKey) else RSAAlgorithm.to_jwk(public)
    members: dict[str, Any] = json.loads(text)
    members.pop("key_ops", None)
    return members | {"kid": pair.kept.key_id, "use": "sig", "alg": pair.kept.algorithm}
