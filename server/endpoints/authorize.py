"""The authorization endpoint: an app sends a browser here, and the pages take over (RFC 6749 section 3.1).

What is wrong with the client or its redirect URI is shown to the person; all else is answered at the redirect URI.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.answers import CLIENT, NO_STORE, log, note_refusal
from server.house import House
from server.oauth import authorization
from server.oauth.authorization import (
    AuthorizationRequest,
    ask,
    enabled,
    mode_of,
    open_pushed,
    redirect_uri_of,
)
from server.oauth.client import Client
from server.oauth.errors import InvalidRequest, OAuthError, TooLarge, WrongMediaType
from server.oauth.redirect import answer_of, answered, form_target, refusal_of
from server.oauth.secret import digest, draw
from server.oauth.store import StorageError
from web_verify.desk import Leaving

from .form import FORM_TYPE, MAX_BODY, parse_loosely, read_body
from .origin import origin_of

if TYPE_CHECKING:
    from server.openapi.operation import About

PATH: Final = "/authorize"
CONSENT: Final = "/consent/"
# (status, key of the words, what a developer reads) -> the page for a person whom no app can be told about
TurnAway = Callable[[int, str, str], ASGIApp]
SendBack = Callable[[Leaving], ASGIApp]


class AuthorizationEndpoint:
    """GET or POST /authorize: keeps the checked request and sends the browser to its consent page."""

    def __init__(self, house: House, turn_away: TurnAway, send_back: SendBack) -> None:
        self._house = house
        self._turn_away, self._send_back = turn_away, send_back

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application: people come here, so whatever fails is a page."""
        try:
            request = Request(scope, receive)
            answer: ASGIApp = await self._answer(await browser_parameters(request), request)
        except OAuthError as error:
            note_refusal(scope, error)
            status = error.status if error.status in (413, 415) else 400
            answer = self._turn_away(status, "turned_away", error.description)
        except StorageError as error:
            log.error("the storage failed: %s", error)
            answer = self._turn_away(503, "broken", "")
        except Exception:
            log.exception("no answer to request %s", scope.get("porchlight.request_id", ""))
            answer = self._turn_away(500, "broken", "")
        await answer(scope, receive, send)

    async def _answer(self, asked: tuple[Mapping[str, str], frozenset[str]], request: Request) -> ASGIApp:
        parameters, repeated = asked
        if repeated & {"client_id", "redirect_uri", "request_uri"}:
            raise InvalidRequest("client_id, redirect_uri or request_uri is given twice")
        client = enabled(await self._house.clients.find(parameters.get("client_id", "")))
        request.scope[CLIENT] = client.client_id
        if "request_uri" in parameters:
            return await self._open(parameters["request_uri"], client)
        uri = redirect_uri_of(client, parameters)
        request_id = draw()
        try:
            if repeated:
                raise InvalidRequest("a parameter is given twice")
            if client.requires_par:
                raise InvalidRequest("this client must push its authorization requests")
            checked = ask(digest("request", request_id), client, parameters, self._house.now(), self._house.acr_values)
            self._house.demand_share(origin_of(request).address)
        except OAuthError as error:
            note_refusal(request.scope, error)
            state = None if "state" in repeated else parameters.get("state")
            answer = answer_of(self._house.settings.issuer, state, refusal_of(error))
            return self._send_back(leaving(uri, mode_of(parameters), answer))
        await self._house.store.add_request(checked)
        return self._to_consent(request_id)

    async def _open(self, request_uri: str, client: Client) -> Response:
        """What was pushed is all that counts: the other parameters are not even read (RFC 9126 section 4)."""
        if not request_uri.startswith(authorization.URN):
            raise InvalidRequest("request_uri must be one that the PAR endpoint gave")
        request_id, client_id = request_uri.removeprefix(authorization.URN), client.client_id

        def change(found: AuthorizationRequest | None) -> AuthorizationRequest:
            return open_pushed(found, client_id, self._house.now())

        await self._house.store.change_request(digest("request", request_id), change)
        return self._to_consent(request_id)

    def _to_consent(self, request_id: str) -> Response:
        return _redirect(f"{self._house.settings.path}{CONSENT}{request_id}")

    def about(self) -> "About":
        from server.openapi.operation import ANY_TEXT, Field
        from server.openapi.pages import about_browser
        from server.openapi.parts import GIVEN, authorization_fields

        pushed = Field("request_uri", ANY_TEXT, says="Of a pushed request; then the rest is not read")
        fields = (Field("client_id", GIVEN, True), pushed, *authorization_fields(is_pushed=False))
        return about_browser("authorize", "Ask a person for an app (RFC 6749 section 3.1)", fields)


def leaving(uri: str, mode: str, answer: Mapping[str, str]) -> Leaving:
    """An answer on its way to the app, in its address or as a form."""
    if mode == "form_post":
        return Leaving(uri, form_target(uri), tuple(answer.items()))
    return Leaving(answered(uri, answer), form_target(uri))


async def browser_parameters(request: Request) -> tuple[Mapping[str, str], frozenset[str]]:
    """What a browser brings, in the query or in a form; and the names of what came more than once."""
    if request.method != "POST":
        query: bytes = request.scope["query_string"]
        if len(query) > MAX_BODY:
            raise TooLarge(f"the query is larger than {MAX_BODY} bytes")
        return parse_loosely(query)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise WrongMediaType(f"the body must be {FORM_TYPE}")
    return parse_loosely(await read_body(request))


def _redirect(location: str) -> Response:
    return Response(status_code=303, headers={**NO_STORE, "location": location, "referrer-policy": "no-referrer"})
