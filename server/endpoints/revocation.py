"""The revocation endpoint (RFC 7009): revoking either token of a sign-in ends all of it, MQTT session included."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from server.answers import NO_STORE
from server.house import House
from server.oauth.access import InvalidToken
from server.oauth.errors import InvalidGrant, InvalidRequest, UnsupportedTokenType
from server.oauth.event import happened
from server.oauth.secret import digest

from .client_auth import proven_client
from .form import read_form
from .origin import origin_of

if TYPE_CHECKING:
    from server.openapi.operation import About


class RevocationEndpoint:
    """POST /revoke: `token` and the client's authentication -> 200, for a dead or unknown token too (section 2.2)."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        house = self._house
        form = await read_form(request)
        client = await proven_client(house, request, form)
        if "token" not in form:
            raise InvalidRequest("token is missing")
        found = await self._owner(form["token"])
        if found is not None:
            family_id, client_id = found
            if client_id != client.client_id:
                raise InvalidGrant("the token belongs to another client")
            told = happened("revoked", "client", house.now(), origin_of(request), detail="revocation endpoint")
            await house.store.end_family(family_id, house.now(), event=told)
        return Response(status_code=200, headers=NO_STORE)

    def about(self) -> "About":
        from server.openapi.operation import Answer, Field, Operation, text
        from server.openapi.parts import ANY_CLIENT, CLIENT_REFUSALS, GIVEN, client_form

        hint = Field("token_type_hint", text(), says="Not needed to find it")
        refuses = (*CLIENT_REFUSALS, InvalidGrant, UnsupportedTokenType)
        takes = client_form(Field("token", GIVEN, True, "An access or a refresh token"), hint)
        gone = Answer(200, "It is worth nothing now; also when it was unknown")
        does = "End the whole sign-in that a token belongs to (RFC 7009)"
        return {"POST": Operation("revoke", does, (gone,), refuses, takes=takes, by=ANY_CLIENT)}

    async def _owner(self, token: str) -> tuple[str, str] | None:
        """The family and the client of a token of either kind; the hint is not needed to find it (section 2.1)."""
        kept = await self._house.store.find_refresh_token(digest("refresh_token", token))
        if kept is not None:
            return kept[1].family_id, kept[1].client_id
        try:
            access = self._house.mint.read(token, self._house.now())
        except InvalidToken:
            return None
        if not access.family_id or access.actors:
            raise UnsupportedTokenType("this token lives for minutes and ends with what it came from")
        return access.family_id, access.client_id
