"""What an HTTP request proves to have: a key by its `DPoP` header (RFC 9449), a certificate by its TLS (RFC 8705)."""

import ipaddress
from functools import lru_cache
from typing import Final

from starlette.requests import Request

from server.house import House
from server.oauth import proof
from server.oauth.certificate import Certificate
from server.oauth.errors import InvalidRequest
from server.oauth.proof import REMEMBERED_FOR, InvalidProof, Proof
from server.signing.proof import read_proof

HEADER: Final = "dpop"
PEER: Final = "porchlight.peer"  # in a scope: the address that the connection came from, whatever headers say


def shown_proof(house: House, request: Request, path: str, token: str = "") -> Proof | None:
    """The proof, or None when there is none. `path` is that of the endpoint under the issuer: never the request's own.

    Raises `InvalidProof`, or `UseNonce` where nonces are demanded.
    """
    shown = request.headers.getlist(HEADER)
    if not shown:
        return None
    if len(shown) > 1:
        raise InvalidProof("send one DPoP header, not several")
    return check_proof(house, shown[0], method=request.method, url=house.settings.issuer + path, token=token)


def check_proof(house: House, text: str, *, method: str, url: str, token: str = "") -> Proof:
    """The proof for this method and URL (and this access token), seen for the first time here."""
    found = read_proof(text)
    nonces = house.nonces() if house.settings.dpop_nonces else ()
    proof.check(found, method=method, url=url, now=house.now(), nonces=nonces, token=token)
    if not house.proofs.is_new(found.jkt, found.proof_id, found.issued_at + REMEMBERED_FOR):
        raise InvalidProof("the proof was used before; make a new one for each request")
    return found


def shown_certificate(house: House, request: Request) -> Certificate | None:
    """The client certificate of the TLS connection, as the proxy that ended it passes it on (RFC 8705 section 6.3).

    Only the header that the operator named, and only from a proxy that is trusted: from anybody else it is no word of
    a proxy, and ignored. Raises `InvalidRequest` for one that cannot be read.
    """
    settings = house.settings
    if not settings.mtls_header or not _is_proxy(str(request.scope.get(PEER, "")), settings.trusted_proxies):
        return None
    from server.signing.certificate import read_certificate  # a server without such a proxy does not carry it

    shown = [text for text in request.headers.getlist(settings.mtls_header) if text.strip()]
    if not shown:
        return None
    if len(shown) > 1:
        raise InvalidRequest("the proxy must replace the header of the client certificate, not add to it")
    return read_certificate(shown[0].strip(), settings.mtls_ca)


@lru_cache(maxsize=256)
def _is_proxy(peer: str, proxies: tuple[str, ...]) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(proxy, strict=False) for proxy in proxies)
