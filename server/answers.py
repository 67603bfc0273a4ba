"""How the counter answers: JSON that nobody may cache, and the law's refusals in one place (RFC 6749 section 5)."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from server.oauth.errors import OAuthError, TemporarilyUnavailable
from server.oauth.proof import UseNonce
from server.oauth.secret import draw_id
from server.oauth.store import StorageError

if TYPE_CHECKING:
    from server.openapi.operation import About

log: Final = logging.getLogger("porchlight")
NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
REFUSED: Final = "porchlight.refused"  # in the scope: whom to tell of the error that answers the request
CLIENT: Final = "porchlight.client_id"  # in the scope: the registered client that the request named
Handler = Callable[[Request], Awaitable[Response]]
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def json_answer(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] = NO_STORE) -> Response:
    """A JSON object; not cacheable unless `headers` says otherwise."""
    return Response(_encode(content).encode(), status, headers, "application/json")


def refusal(error: OAuthError) -> Response:
    """The law's refusal on the wire (RFC 6749 section 5.2)."""
    content: dict[str, Any] = {"error": error.error}
    if error.description:
        content["error_description"] = error.description
    headers = dict(NO_STORE)
    if error.retry_after:
        headers["retry-after"] = str(error.retry_after)
    if error.challenge:
        headers["www-authenticate"] = error.challenge
    if isinstance(error, UseNonce):
        headers["dpop-nonce"] = error.nonce
    return json_answer(content | error.members, error.status, headers)


def note_refusal(scope: Scope, error: OAuthError) -> None:
    """Tell the audit that this error answers the request; before it is answered."""
    told = scope.get(REFUSED)
    if told is not None:
        told(scope, error)


def counter(answer: Handler) -> Handler:
    """The endpoint, with the law's refusals answered as JSON and anything unforeseen as `server_error` with an id."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except OAuthError as error:
            note_refusal(request.scope, error)
            return refusal(error)
        except StorageError as error:
            log.error("the storage failed: %s", error)
            return refusal(TemporarilyUnavailable("the storage cannot be reached; try again", retry_after=5))
        except Exception:
            error_id = draw_id()
            log.exception("server_error %s", error_id)
            return json_answer({"error": "server_error", "error_description": f"error id {error_id}"}, 500)

    return guarded


class Endpoint(Protocol):
    """What a route of machines leads to: it answers a request, and says what it takes and answers."""

    async def __call__(self, request: Request) -> Response: ...

    def about(self) -> "About": ...


class Counter(Route):
    """A route of machines: whatever is refused there is JSON. `about` is its endpoint's."""

    def __init__(self, path: str, endpoint: Endpoint, *methods: str, name: str | None = None) -> None:
        super().__init__(path, counter(endpoint), methods=methods, name=name)
        self.about = endpoint.about
