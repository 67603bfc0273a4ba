"""The userinfo endpoint: what an app may know of the person who signed in (OpenID Connect Core section 5.3)."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.api.bearer import REALM, BadToken, InsufficientScope, about_bearer, bearer, demand_scope
from server.house import House
from server.oauth.identity import SCOPE, claims_of

if TYPE_CHECKING:
    from server.openapi.operation import About


class UserinfoEndpoint:
    """GET or POST /userinfo with an access token -> `sub`, and the claims that its scopes open."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        access, _ = bearer(self._house, request)
        demand_scope(access, SCOPE)
        account = await self._house.store.find_account(access.account_id)
        client = await self._house.clients.find(access.client_id)
        if account is None or not account.is_enabled or client is None or not client.is_enabled:
            raise BadToken("the account may no longer sign in", challenge=f'{REALM}, error="invalid_token"')
        return json_answer({"sub": account.account_id, **claims_of(account, access.scopes)})

    def about(self) -> "About":
        from server.openapi.operation import ANY_TEXT, Answer, Field, members

        opened = ("name", "preferred_username")
        shown = members(Field("sub", ANY_TEXT, True), *(Field(name, ANY_TEXT) for name in opened))
        answer = Answer(200, "The claims that the scopes of the token open", shown)
        said = about_bearer("userinfo", "Say who signed in (OpenID Connect)", answer, (InsufficientScope,))
        return {"GET": said, "POST": said._replace(name="userinfo_by_post")}
