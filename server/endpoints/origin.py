"""Where a request came from, as the audit writes it down."""

from starlette.requests import Request

from server.oauth.event import Origin


def origin_of(request: Request) -> Origin:
    """The address that we saw (a trusted proxy's word, where there is one) and the id of the request."""
    address = request.client.host if request.client else ""
    return Origin(address, str(request.scope.get("porchlight.request_id", "")))
