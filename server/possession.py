"""The proof of possession that an HTTP request shows in its `DPoP` header (RFC 9449 section 4.3), checked whole."""

from typing import Final

from starlette.requests import Request

from server.house import House
from server.oauth import proof
from server.oauth.proof import REMEMBERED_FOR, InvalidProof, Proof
from server.signing.proof import read_proof

HEADER: Final = "dpop"


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
