"""The introspection endpoint (RFC 7662), for clients that authenticate."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House
from server.oauth import scope
from server.oauth.access import Access, InvalidToken, nested
from server.oauth.client import Client
from server.oauth.errors import InvalidClient, InvalidRequest
from server.oauth.secret import digest
from server.oauth.token import Family

from .client_auth import BASIC, proven_client
from .form import read_form

INACTIVE: Final = {"active": False}


class IntrospectionEndpoint:
    """POST /introspect: `token` -> what it is worth now; `{"active": false}` and no more for anything that is not."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        form = await read_form(request)
        caller = await proven_client(self._house, request, form)
        if caller.auth_method == "none":
            raise InvalidClient("only a client that authenticates may introspect", challenge=BASIC)
        if "token" not in form:
            raise InvalidRequest("token is missing")
        return json_answer(await self._access(form["token"], caller) or await self._refresh(form["token"]) or INACTIVE)

    async def _access(self, token: str, caller: Client) -> dict[str, Any] | None:
        """Only a token for the resource server that the caller is tells it anything (section 4)."""
        house = self._house
        try:
            access = house.read(token)
        except InvalidToken:
            return None
        if (caller.resource or house.settings.api_audience) not in access.audience or not await self._may_act(access):
            return None
        described = {
            "active": True,
            "iss": house.settings.issuer,
            "aud": access.audience[0] if len(access.audience) == 1 else list(access.audience),
            "sub": access.subject,
            "client_id": access.client_id,
            "device_id": access.device_id,
            "scope": scope.write(access.scopes),
            "iat": access.issued_at // 1_000,
            "exp": access.expires_at // 1_000,
            "jti": access.token_id,
            "token_type": "DPoP" if access.jkt else "Bearer",
            "cnf": {"jkt": access.jkt} if access.jkt else None,
            "act": nested(access.actors) if access.actors else None,
        }
        return {name: value for name, value in described.items() if value not in (None, "")}

    async def _may_act(self, access: Access) -> bool:
        """Whether the sign-in behind the token lives, and everybody concerned may still act."""
        if access.family_id and await self._live_family(access.family_id) is None:
            return False
        client = await self._house.store.find_client(access.client_id)
        return client is not None and client.is_enabled

    async def _refresh(self, token: str) -> dict[str, Any] | None:
        """A refresh token is told from an access token by `token_type`, so that no API takes it for one."""
        now = self._house.now()
        kept = await self._house.store.find_refresh_token(digest("refresh_token", token))
        if kept is None or kept[0].spent_at is not None or now >= kept[0].expires_at:
            return None
        family = await self._live_family(kept[0].family_id)
        if family is None:
            return None
        return {
            "active": True,
            "iss": self._house.settings.issuer,
            "sub": family.account_id,
            "client_id": family.client_id,
            "scope": scope.write(family.scopes),
            "iat": kept[0].created_at // 1_000,
            "exp": kept[0].expires_at // 1_000,
            "token_type": "refresh_token",
        }

    async def _live_family(self, family_id: str) -> Family | None:
        """The family while it lives and its account and client may still sign in."""
        store = self._house.store
        family = await store.find_family(family_id)
        if family is None or not family.is_live(self._house.now()):
            return None
        account = await store.find_account(family.account_id)
        client = await store.find_client(family.client_id)
        allowed = account is not None and account.is_enabled and client is not None and client.is_enabled
        return family if allowed else None
