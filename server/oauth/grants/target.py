"""Which resource servers a token is for: `audience` and `resource` (RFC 8693 section 2.1, RFC 8707 section 2)."""

from collections.abc import Collection
from urllib.parse import urlsplit

from server.oauth.errors import OAuthError

from .pipeline import Memory, TokenRequest


class InvalidTarget(OAuthError):
    error = "invalid_target"


def target(request: TokenRequest, memory: Memory, scopes: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The audiences asked for (our own API when none is), and those of `scopes` that every one of them understands.

    Raises `InvalidTarget` for one that is unknown or not this client's to ask for.
    """
    named = [*request.parameters.get("audience", "").split(), *request.parameters.get("resource", "").split()]
    for resource in request.parameters.get("resource", "").split():
        parts = urlsplit(resource)
        if not parts.scheme or parts.fragment or "#" in resource:
            raise InvalidTarget("resource is an absolute URI without a fragment")
    if not named:
        return (memory.audience,), tuple(scopes)
    understood = tuple(scopes)
    for audience in named:
        if audience == memory.audience:
            continue
        if audience not in memory.audiences or audience not in request.client.audiences:
            raise InvalidTarget("the target is unknown, or this client may not ask for it")
        understood = tuple(scope for scope in understood if scope in memory.audiences[audience])
    return tuple(dict.fromkeys(named)), understood
