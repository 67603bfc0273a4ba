"""An authority for tests, and the client certificates that it issues; or that nobody issues."""

import datetime
import json
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.algorithms import ECAlgorithm

NOW = datetime.datetime.now(datetime.UTC)


@dataclass
class Paper:
    """A certificate and its key. Without an `issuer` it is its own."""

    name: str
    issuer: "Paper | None" = None
    is_authority: bool = False
    days: int = 2
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        subject = x509.Name.from_rfc4514_string(self.name)
        signer = self.issuer or self
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(x509.Name.from_rfc4514_string(signer.name))
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(days=10))
            .not_valid_after(NOW + datetime.timedelta(days=self.days))
            .add_extension(x509.BasicConstraints(ca=self.is_authority, path_length=None), critical=True)
            .sign(signer.private, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def escaped(self) -> str:
        """As nginx writes `$ssl_client_escaped_cert`."""
        return quote(self.pem, safe="")

    @property
    def bytes_sequence(self) -> str:
        """As RFC 9440 writes `Client-Cert`."""
        return f":{b64encode(self.certificate.public_bytes(Encoding.DER)).decode()}:"

    @property
    def x5t(self) -> str:
        return urlsafe_b64encode(self.certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()

    @property
    def jwks(self) -> str:
        key: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(self.private.public_key()))
        return json.dumps({"keys": [key]})
