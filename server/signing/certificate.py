"""Reads client certificates that a proxy passes on: PEM as nginx escapes it, or the bytes of RFC 9440."""

import base64
import binascii
import datetime
import hashlib
import json
from base64 import urlsafe_b64encode
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from server.oauth.certificate import Certificate
from server.oauth.errors import InvalidRequest
from server.settings import SettingsError

from .proof import KINDS, thumbprint

LONGEST: Final = 16_384


def tidy_dn(text: str) -> str:
    """A distinguished name in the one form that we compare (RFC 4514); raises `ValueError`."""
    return x509.Name.from_rfc4514_string(text).rfc4514_string()


@lru_cache(maxsize=512)
def read_certificate(text: str, authorities: str = "") -> Certificate:
    """What a forwarded certificate says; `authorities` is the PEM file of those whose word counts for a subject.

    Raises `InvalidRequest` for what is none.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        found = x509.load_der_x509_certificate(_der(text))
        return Certificate(
            thumbprint=_x5t(found.public_bytes(Encoding.DER)),
            subject=found.subject.rfc4514_string(),
            jkt=_jkt(found.public_key()),
            not_before=_instant(found.not_valid_before_utc),
            not_after=_instant(found.not_valid_after_utc),
            is_vouched=bool(authorities) and any(_has_issued(each, found) for each in _authorities(authorities)),
        )
    except (ValueError, TypeError, KeyError, binascii.Error, x509.InvalidVersion):
        raise InvalidRequest("the client certificate that the proxy passes on cannot be read") from None


def check_authorities(path: str) -> None:
    """Raise `SettingsError` unless the file holds certificates of authorities."""
    try:
        is_good = all(_is_authority(each) for each in _authorities(path))
    except (OSError, ValueError):
        is_good = False
    if not is_good:
        raise SettingsError("mtls_ca: write the path of a PEM file with certificates of authorities")


def thumbprints(jwks: str) -> frozenset[str]:
    """The RFC 7638 thumbprints of the keys of a JWK Set that was checked when it was registered."""
    return frozenset(thumbprint(key) for key in json.loads(jwks)["keys"] if key.get("kty") in KINDS)


def _der(text: str) -> bytes:
    """`:BASE64:` is a byte sequence of RFC 8941; anything else is PEM, escaped like a URL."""
    if text.startswith(":") and text.endswith(":") and len(text) > 2:
        return base64.b64decode(text[1:-1], validate=True)
    pem = unquote(text, errors="strict")
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def _x5t(der: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def _jkt(key: Any) -> str:
    algorithms: dict[type, Any] = {
        ec.EllipticCurvePublicKey: ECAlgorithm,
        rsa.RSAPublicKey: RSAAlgorithm,
        ed25519.Ed25519PublicKey: OKPAlgorithm,
    }
    for kind, algorithm in algorithms.items():
        if isinstance(key, kind):
            try:
                return thumbprint(json.loads(algorithm.to_jwk(key)))
            except jwt.PyJWTError:
                break
    raise ValueError("a certificate's key is an EC, RSA or Ed25519 key")


def _instant(at: datetime.datetime) -> int:
    return int(at.timestamp() * 1_000)


@lru_cache(maxsize=4)
def _authorities(path: str) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))


def _is_authority(found: x509.Certificate) -> bool:
    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _has_issued(authority: x509.Certificate, found: x509.Certificate) -> bool:
    try:
        found.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return _is_authority(authority) and not _is_authority(found)
