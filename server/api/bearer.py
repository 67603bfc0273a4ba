"""The access token of a request to a protected resource, over HTTP and MQTT alike (RFC 6750, RFC 9449 section 7)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from server.house import House
from server.oauth.access import Access, InvalidToken
from server.oauth.errors import InvalidRequest, OAuthError
from server.oauth.proof import InvalidProof, UseNonce
from server.possession import shown_certificate, shown_proof
from server.signing.proof import ALGORITHMS

from .challenge import REALM as OURS

if TYPE_CHECKING:
    from server.openapi.operation import Answer, Operation

REALM: Final = f"Bearer {OURS}"
DPOP: Final = f'DPoP {OURS}, algs="{" ".join(ALGORITHMS)}"'
# Set by the gateway alone: the broker checked the proof when the session was opened.
VOUCHED: Final = "porchlight.vouched"


class BadToken(OAuthError):
    error = "invalid_token"
    status = 401


class BadProof(OAuthError):
    error = "invalid_dpop_proof"
    status = 401


class NoNonce(UseNonce):
    status = 401


class InsufficientScope(OAuthError):
    error = "insufficient_scope"
    status = 403


def bearer(house: House, request: Request) -> tuple[Access, str]:
    """Who asks, and the token that says so. Raises `BadToken`, or `InvalidRequest` for a token in the URL."""
    if "access_token" in request.query_params:
        raise InvalidRequest("send the access token in the Authorization header, never in a URL")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    scheme, token = scheme.lower(), token.strip()
    if not token:
        raise BadToken("send an access token in the Authorization header", challenge=f"{REALM}, {DPOP}")
    if scheme not in ("bearer", "dpop"):
        raise BadToken("the Authorization header is neither Bearer nor DPoP", challenge=f"{REALM}, {DPOP}")
    try:
        access = house.check(token)
    except InvalidToken:
        description = "the access token is expired, revoked or not from this server"
        challenge = DPOP if scheme == "dpop" else REALM
        raise BadToken(description, challenge=f'{challenge}, error="invalid_token"') from None
    if not request.scope.get(VOUCHED):
        _check_possession(house, request, access, scheme, token)
    return access, token


def _check_possession(house: House, request: Request, access: Access, scheme: str, token: str) -> None:
    """A bound token needs the DPoP scheme and a proof of its key; an unbound one is a bearer token."""
    _check_certificate(house, request, access)
    challenge = f'{DPOP}, error="invalid_token"'
    if (access.jkt is not None) != (scheme == "dpop"):
        raise BadToken(
            "a token that is bound to a key goes with the DPoP scheme, any other with Bearer", challenge=challenge
        )
    if access.jkt is None:
        return
    path = request.url.path.removeprefix(house.settings.path)
    try:
        proof = shown_proof(house, request, path, token)
    except UseNonce as demanded:
        refusal = NoNonce(demanded.nonce)
        refusal.challenge = f'{DPOP}, error="use_dpop_nonce"'
        raise refusal from None
    except InvalidProof as invalid:
        raise BadProof(invalid.description, challenge=f'{DPOP}, error="invalid_dpop_proof"') from None
    if proof is None or proof.jkt != access.jkt:
        raise BadToken("show a DPoP proof of the key that the token is bound to", challenge=challenge)


def _check_certificate(house: House, request: Request, access: Access) -> None:
    """A token that is bound to a certificate comes over a connection with that very one (RFC 8705 section 3)."""
    certificate = shown_certificate(house, request) if access.x5t is not None else None
    if access.x5t is not None and (certificate is None or certificate.thumbprint != access.x5t):
        challenge = f'{REALM}, error="invalid_token"'
        raise BadToken("come with the certificate that the token is bound to", challenge=challenge)


def demand_scope(access: Access, scope: str) -> None:
    """Raise `InsufficientScope` unless the token has this scope."""
    if scope and scope not in access.scopes:
        challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        raise InsufficientScope(f"this needs the scope {scope}", challenge=challenge)


def about_bearer(name: str, does: str, answer: "Answer", refuses: Sequence[type[OAuthError]] = ()) -> "Operation":
    """An operation that takes an access token."""
    from server.openapi.operation import BEARER, DPOP, Operation
    from server.openapi.parts import PROOF

    said = (InvalidRequest, BadToken, BadProof, NoNonce, *refuses)
    return Operation(name, does, (answer,), said, headers=(PROOF,), by=(BEARER, DPOP))
