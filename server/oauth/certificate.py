"""Client certificates: what one must be to prove a client, and the tokens that are bound to it (RFC 8705)."""

from collections.abc import Collection
from dataclasses import dataclass

from .client import Client
from .errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate of a TLS connection. `thumbprint` is its `x5t#S256`, `jkt` the RFC 7638 thumbprint of its key.

    `subject` is written as RFC 4514 says. `is_vouched`: an authority that the operator named has issued it.
    """

    thumbprint: str
    subject: str
    jkt: str
    not_before: int
    not_after: int
    is_vouched: bool = False


def proves(certificate: Certificate, client: Client, its_keys: Collection[str], now: int) -> bool:
    """Whether this certificate is the client's own, by the method that it is registered for (sections 2.1 and 2.2)."""
    if not certificate.not_before <= now < certificate.not_after:
        return False
    if client.auth_method == "tls_client_auth":
        return certificate.is_vouched and bool(client.tls_subject) and certificate.subject == client.tls_subject
    return client.auth_method == "self_signed_tls_client_auth" and certificate.jkt in its_keys


def demand_certificate(client: Client, certificate: Certificate | None) -> Certificate | None:
    """The certificate that the client's tokens are to be bound to, None for a client without that wish (section 3).

    Raises `InvalidRequest` when it wishes so and shows none.
    """
    if not client.is_certificate_bound:
        return None
    if certificate is None:
        raise InvalidRequest("the tokens of this client are bound to its certificate: come by mutual TLS")
    return certificate
