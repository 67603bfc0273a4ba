"""The introspection endpoint (RFC 7662), for resource servers that authenticate; signed if they ask (RFC 9701)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import NO_STORE, json_answer
from server.house import House
from server.live.shares import Shares
from server.oauth import scope
from server.oauth.access import Access, DeadToken, InvalidToken, confirmation, nested
from server.oauth.authentication import acr
from server.oauth.client import Client
from server.oauth.errors import InvalidClient, InvalidRequest, TooMany
from server.oauth.introspection import may_learn, may_learn_of_refresh, narrowed
from server.oauth.secret import digest
from server.oauth.token import Family
from server.settings import SECOND
from server.signing.introspection import MEDIA_TYPE, sign_introspection

from .client_auth import BASIC, proven_client
from .form import read_form

if TYPE_CHECKING:
    from server.openapi.operation import About

INACTIVE: Final[Mapping[str, Any]] = {"active": False}


class Unsigned(InvalidClient):
    """A signed answer names its reader, so that nobody gets one who has not said who it is (RFC 9701 section 5)."""

    status = 400


class IntrospectionEndpoint:
    """POST /introspect: `token` -> what it is worth now; `{"active": false}` and no more for anything that is not."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._guesses = Shares(house.settings.tries_per_caller)

    async def __call__(self, request: Request) -> Response:
        house, is_signed = self._house, asks_for_jwt(request)
        form = await read_form(request)
        caller = await self._caller(request, form, is_signed=is_signed)
        if "token" not in form:
            raise InvalidRequest("token is missing")
        described = await self._worth(form["token"], caller)
        if not is_signed:
            return json_answer(described)
        signed = sign_introspection(house.mint.ring, house.settings.issuer, caller.client_id, described, house.now())
        return Response(signed, 200, NO_STORE, MEDIA_TYPE)

    def about(self) -> "About":
        from server.openapi.operation import ANY_TEXT, Answer, Field, Operation, each, members, text, whole
        from server.openapi.parts import ANY_CLIENT, CLIENT_REFUSALS, GIVEN, client_form

        one_or_more = {"type": ["string", "array"], "items": {"type": "string"}}
        kind = Field("token_type", text("Bearer", "DPoP", "refresh_token"))
        texts = ("iss", "sub", "client_id", "device_id", "scope", "jti", "acr")
        worth = members(
            Field("active", {"type": "boolean"}, True),
            *(Field(name, ANY_TEXT) for name in texts),
            *(Field(name, whole()) for name in ("iat", "exp", "auth_time")),
            *(Field(name, {"type": "object"}) for name in ("cnf", "act")),
            *(kind, Field("amr", each(ANY_TEXT)), Field("aud", one_or_more)),
        )
        plain = Answer(200, "What it is worth now", worth)
        signed = Answer(200, "The same, signed for the caller (RFC 9701)", ANY_TEXT, MEDIA_TYPE)
        takes = client_form(Field("token", GIVEN, True), Field("token_type_hint", ANY_TEXT, says="Not needed"))
        refuses = (*CLIENT_REFUSALS, Unsigned, TooMany)
        does = "Say what a token is worth, to a client that authenticates (RFC 7662)"
        return {"POST": Operation("introspect", does, (plain, signed), refuses, takes=takes, by=ANY_CLIENT)}

    async def _caller(self, request: Request, form: Mapping[str, str], *, is_signed: bool) -> Client:
        """The client that asks. Raises `InvalidClient`: 401, or 400 where a signed answer was to name its reader."""
        if is_signed and "authorization" not in request.headers and not {"client_secret", "client_assertion"} & {*form}:
            raise Unsigned("only a client that authenticates gets a signed answer")
        caller = await proven_client(self._house, request, form)
        if caller.auth_method == "none":
            raise InvalidClient("only a client that authenticates may introspect", challenge=BASIC)
        return caller

    async def _worth(self, token: str, caller: Client) -> Mapping[str, Any]:
        house = self._house
        try:
            access = house.read(token)
        except DeadToken:
            return INACTIVE
        except InvalidToken:
            return await self._refresh(token, caller)
        if not may_learn(caller, access, house.settings.api_audience) or not await self._may_act(access):
            return INACTIVE
        return self._described(access, caller)

    def _described(self, access: Access, caller: Client) -> Mapping[str, Any]:
        described = {
            "active": True,
            "iss": self._house.settings.issuer,
            "aud": access.audience[0] if len(access.audience) == 1 else list(access.audience),
            "sub": access.subject,
            "client_id": access.client_id,
            "device_id": access.device_id,
            "scope": scope.write(narrowed(access.scopes, caller, self._house.memory.audiences)),
            "iat": access.issued_at // 1_000,
            "exp": access.expires_at // 1_000,
            "jti": access.token_id,
            "token_type": "DPoP" if access.jkt else "Bearer",
            "cnf": confirmation(access) or None,
            "act": nested(access.actors) if access.actors else None,
            **_sign_in(access),
        }
        return {name: value for name, value in described.items() if value not in (None, "")}

    async def _may_act(self, access: Access) -> bool:
        """Whether the sign-in behind the token lives, and everybody concerned may still act."""
        if access.family_id and await self._live_family(access.family_id) is None:
            return False
        client = await self._house.store.find_client(access.client_id)
        return client is not None and client.is_enabled

    async def _refresh(self, token: str, caller: Client) -> Mapping[str, Any]:
        """A refresh token is told from an access token by `token_type`, so that no API takes it for one."""
        self._take_guess(caller)
        now = self._house.now()
        kept = await self._house.store.find_refresh_token(digest("refresh_token", token))
        if kept is None:
            return INACTIVE
        self._guesses.give_back(caller.client_id)
        if not may_learn_of_refresh(caller, kept[1]) or kept[0].spent_at is not None or now >= kept[0].expires_at:
            return INACTIVE
        family = await self._live_family(kept[0].family_id)
        if family is None:
            return INACTIVE
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

    def _take_guess(self, caller: Client) -> None:
        """Count what this server did not sign; raise `TooMany` when there was too much of it.

        What it did sign is answered however much else was asked: a flood of made-up tokens, which a resource server
        passes on from whoever calls it, does not keep honest callers of it out.
        """
        wait = self._guesses.take(caller.client_id, self._house.now())
        if wait:
            raise TooMany("too many unknown tokens were asked about; try again later", retry_after=-(-wait // SECOND))

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


def asks_for_jwt(request: Request) -> bool:
    """Whether `Accept` names the media type of signed answers (RFC 9701 section 4), with a weight above zero."""
    for part in ",".join(request.headers.getlist("accept")).split(","):
        name, *parameters = (text.strip().lower().replace(" ", "") for text in part.split(";"))
        if name == MEDIA_TYPE:
            return not any(text.removeprefix("q=") in ("0", "0.0", "0.00", "0.000") for text in parameters)
    return False


def _sign_in(access: Access) -> dict[str, Any]:
    """When and how the person signed in (RFC 9470 section 6.2)."""
    if not access.family_id:
        return {}
    return {"auth_time": access.auth_time // 1_000, "acr": acr(access.amr) or None, "amr": list(access.amr) or None}
