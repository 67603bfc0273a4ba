"""The bearer check of every protected resource, over HTTP and MQTT alike (RFC 6750)."""

from typing import Final

from starlette.requests import Request

from server.house import House
from server.oauth.errors import InvalidRequest, OAuthError
from server.signing.access_token import Access, InvalidToken

REALM: Final = 'Bearer realm="porchlight"'


class BadToken(OAuthError):
    error = "invalid_token"
    status = 401


class InsufficientScope(OAuthError):
    error = "insufficient_scope"
    status = 403


def bearer(house: House, request: Request) -> tuple[Access, str]:
    """Who asks, and the token that says so. Raises `BadToken`, or `InvalidRequest` for a token in the URL."""
    if "access_token" in request.query_params:
        raise InvalidRequest("send the access token in the Authorization header, never in a URL")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token:
        raise BadToken("send an access token in the Authorization header", challenge=REALM)
    if scheme.lower() != "bearer":
        raise BadToken("the Authorization header is not Bearer", challenge=REALM)
    try:
        return house.check(token.strip()), token.strip()
    except InvalidToken:
        description = "the access token is expired, revoked or not from this server"
        raise BadToken(description, challenge=f'{REALM}, error="invalid_token"') from None


def demand_scope(access: Access, scope: str) -> None:
    """Raise `InsufficientScope` unless the token has this scope."""
    if scope and scope not in access.scopes:
        challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        raise InsufficientScope(f"this needs the scope {scope}", challenge=challenge)
