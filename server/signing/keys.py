"""Signing keys: drawn, kept in the storage, published as a JWK Set, rotated without a gap (RFC 7517, RFC 7518)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from server.oauth.secret import draw_id
from server.oauth.store import SigningKey, StorageError

Algorithm = Literal["ES256", "RS256", "EdDSA"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("ES256", "RS256", "EdDSA")
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
_ENCRYPTED: Final = "-----BEGIN ENCRYPTED PRIVATE KEY-----"


class KeyLocked(StorageError):
    """A signing key is encrypted, and the key-encryption secret that opens it was not given."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A key of the storage, unpacked for use."""

    kept: SigningKey
    private: PrivateKey
    public: PublicKey


def draw_key(algorithm: Algorithm, now: int, active_at: int, secret: str = "") -> SigningKey:
    """A new key that begins to sign at `active_at`, so that verifiers have time to learn of it.

    With a key-encryption `secret` it is kept encrypted.
    """
    private: PrivateKey
    if algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    elif algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return SigningKey(draw_id(), algorithm, _pem(private, secret), now, active_at)


def locked(key: SigningKey, secret: str) -> SigningKey:
    """The same key, encrypted with the secret; as it is when it was encrypted before."""
    return key if is_locked(key) else replace(key, private_pem=_pem(unpack(key).private, secret))


def is_locked(key: SigningKey) -> bool:
    """Whether the private half is kept encrypted."""
    return key.private_pem.startswith(_ENCRYPTED)


def unpack(key: SigningKey, secret: str = "") -> Pair:
    """Raises `KeyLocked` when the secret does not open the key, `ValueError` for a PEM that is no key of ours."""
    password = secret.encode() if is_locked(key) else None
    if password == b"":
        raise KeyLocked(
            "the signing keys are encrypted: set key_secret (PORCHLIGHT_KEY_SECRET) to the secret they have"
        )
    try:
        private = serialization.load_pem_private_key(key.private_pem.encode(), password)
    except ValueError:
        if password is None:
            raise
        raise KeyLocked(
            "key_secret does not open the signing keys: set it to the secret they were encrypted with"
        ) from None
    if not isinstance(private, PrivateKey):
        raise ValueError(f"signing key {key.key_id} is of a kind that is not ours")
    return Pair(key, private, private.public_key())


def _pem(private: PrivateKey, secret: str) -> str:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if secret:
        encryption = serialization.BestAvailableEncryption(secret.encode())
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()


class KeyRing:
    """The keys in use. Which one signs and which are published depends only on the time."""

    def __init__(self, keys: Sequence[SigningKey], secret: str = "") -> None:
        self._pairs = {key.key_id: unpack(key, secret) for key in sorted(keys, key=lambda key: key.active_at)}
        # A secret that all servers share, because they share these keys; it changes when they are rotated.
        together = "\0".join(sorted(_pem(pair.private, "") for pair in self._pairs.values()))
        self.nonce_secret = hashlib.sha256(b"nonces\0" + together.encode()).digest()

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
    if isinstance(public, ec.EllipticCurvePublicKey):
        text = ECAlgorithm.to_jwk(public)
    elif isinstance(public, rsa.RSAPublicKey):
        text = RSAAlgorithm.to_jwk(public)
    else:
        text = OKPAlgorithm.to_jwk(public)
    members: dict[str, Any] = json.loads(text)
    members.pop("key_ops", None)
    return members | {"kid": pair.kept.key_id, "use": "sig", "alg": pair.kept.algorithm}
