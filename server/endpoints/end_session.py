"""The end session endpoint: an app that signed a person out asks whether they sign out here too (RP-Initiated Logout).

What is wrong is shown to the person: a browser goes only where its app registered, letter by letter.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.answers import NO_STORE, log, note_refusal
from server.house import House
from server.oauth.authorization import LONGEST_STATE
from server.oauth.client import Client
from server.oauth.errors import InvalidRequest, OAuthError
from server.oauth.store import StorageError
from server.oauth.ticket import LIVES_FOR, LONGEST, LogoutRequest, seal
from server.signing.logout_token import Hint, read_hint

from .authorize import TurnAway, browser_parameters

if TYPE_CHECKING:
    from server.openapi.operation import About

PATH: Final = "/end_session"
PAGE: Final = "/sign-out/"


class EndSessionEndpoint:
    """GET or POST /end_session: checks the request and sends the browser to the page that answers it."""

    def __init__(self, house: House, turn_away: TurnAway) -> None:
        self._house = house
        self._turn_away = turn_away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application: people come here, so whatever fails is a page."""
        try:
            answer: ASGIApp = await self._answer(*await browser_parameters(Request(scope, receive)))
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

    async def _answer(self, parameters: Mapping[str, str], repeated: frozenset[str]) -> Response:
        if repeated:
            raise InvalidRequest("a parameter is given twice")
        house = self._house
        ticket = seal(await self._checked(parameters), house.mint.ring.nonce_secret)
        if len(ticket) > LONGEST:
            raise InvalidRequest("post_logout_redirect_uri and state are too long")
        location = f"{house.settings.path}{PAGE}{ticket}"
        return Response(status_code=303, headers={**NO_STORE, "location": location, "referrer-policy": "no-referrer"})

    async def _checked(self, parameters: Mapping[str, str]) -> LogoutRequest:
        """Raises `InvalidRequest`. A hint that no published key of ours made proves nothing, and is as none."""
        house = self._house
        ring, issuer, now = house.mint.ring, house.settings.issuer, house.now()
        shown = parameters.get("id_token_hint", "")
        hint = read_hint(ring, issuer, shown, now) if shown else None
        client = await self._client(parameters.get("client_id"), hint)
        state = parameters.get("state", "")
        if len(state) > LONGEST_STATE:
            raise InvalidRequest(f"state has {LONGEST_STATE} characters at most")
        return LogoutRequest(
            client_id=client.client_id if client is not None else "",
            redirect_uri=redirect_uri_of(client, parameters.get("post_logout_redirect_uri", "")),
            state=state,
            account_id=hint.account_id if hint is not None else "",
            family_id=hint.family_id if hint is not None else "",
            expires_at=now + LIVES_FOR,
        )

    async def _client(self, client_id: str | None, hint: Hint | None) -> Client | None:
        if client_id is None and hint is None:
            return None
        if client_id is not None and hint is not None and client_id != hint.client_id:
            raise InvalidRequest("id_token_hint is another client's than client_id")
        client = await self._house.clients.find(client_id or (hint.client_id if hint is not None else ""))
        if client is None or not client.is_enabled:
            raise InvalidRequest("client_id is unknown")
        return client

    def about(self) -> "About":
        from server.openapi.operation import ANY_TEXT, Field, text
        from server.openapi.pages import about_browser

        names = ("id_token_hint", "client_id", "post_logout_redirect_uri", "logout_hint", "ui_locales")
        fields = (*(Field(name, ANY_TEXT) for name in names), Field("state", text(longest=LONGEST_STATE)))
        does = "Ask a person whether they sign out here too (OpenID Connect RP-Initiated Logout)"
        return about_browser("end_session", does, fields)


def redirect_uri_of(client: Client | None, uri: str) -> str:
    """Where the browser may go afterwards ("": nowhere). Raises `InvalidRequest` for what is not registered."""
    if not uri:
        return ""
    if client is None:
        raise InvalidRequest("post_logout_redirect_uri goes with id_token_hint or client_id")
    if uri not in client.post_logout_redirect_uris:
        raise InvalidRequest("post_logout_redirect_uri is not registered for this client, letter by letter")
    return uri
