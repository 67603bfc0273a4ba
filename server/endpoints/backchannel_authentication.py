"""The backchannel authentication endpoint: an app asks a person on their phone (CIBA Core sections 7.1 to 7.3).

Who calls learns whether somebody of a name exists, so what is asked about strangers is counted, and a known name is
answered no sooner than an unknown one. How often a person is asked is counted too: nobody is flooded (section 14).
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House
from server.oauth.account import Account
from server.oauth.backchannel import GRANT_TYPE, AskedAlready, BackchannelRequest, Mode
from server.oauth.backchannel_asked import Asked, ask, check_client, said_by
from server.oauth.client import Client
from server.oauth.device import INTERVAL
from server.oauth.errors import (
    InvalidRequest,
    InvalidUserCode,
    MissingUserCode,
    NotAllowed,
    TooMany,
    UnknownUserId,
)
from server.oauth.event import happened
from server.oauth.grants.pipeline import demand_proof
from server.oauth.guess import Budget
from server.oauth.prompts import code_budgets, prompt_budgets, stranger_budgets
from server.oauth.request_code import LONGEST, is_code
from server.oauth.secret import digest, draw
from server.possession import shown_proof
from server.settings import SECOND
from server.signing.seal import seal

from .client_auth import proven_client
from .form import read_form
from .hints import hinted_account, read_of
from .origin import origin_of

if TYPE_CHECKING:
    from server.openapi.operation import About

PATH: Final = "/bc-authorize"
EVEN: Final = 0.15  # seconds that every answer about a person takes at least
CODES_AT_ONCE: Final = 2
_MODES: Final[Mapping[str, Mode]] = {"poll": "poll", "ping": "ping", "push": "push"}


class BackchannelAuthenticationEndpoint:
    """POST /bc-authorize: the client's authentication, `scope`, one hint and more -> `auth_req_id`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._turns = asyncio.Semaphore(CODES_AT_ONCE)

    async def __call__(self, request: Request) -> Response:
        house = self._house
        form = await read_form(request)
        client = await proven_client(house, request, form)
        client.may_use(GRANT_TYPE)
        check_client(client)
        proof = shown_proof(house, request, PATH)
        demand_proof(client, proof)
        asked = ask(client, await self._said(client, form), house.settings.backchannel_for * SECOND)
        clock = asyncio.get_running_loop()
        answer_at = clock.time() + EVEN
        try:
            account = await self._askable(client, asked)
            auth_req_id = draw()
            made = await self._request(request, client, account, asked, auth_req_id)
            made = replace(made, jkt=proof.jkt if proof is not None else None)
            await self._start(request, made)
        finally:
            await asyncio.sleep(max(0.0, answer_at - clock.time()))
        content: dict[str, str | int] = {"auth_req_id": auth_req_id, "expires_in": asked.lives_for // SECOND}
        if made.mode != "push":
            content["interval"] = INTERVAL // SECOND
        return json_answer(content)

    def about(self) -> "About":
        from server.oauth import backchannel, errors
        from server.openapi.operation import ANY_TEXT, Answer, Field, Operation, members, text, whole
        from server.openapi.parts import ANY_CLIENT, CLIENT_REFUSALS, GIVEN, PROOF, PROOF_REFUSALS, SCOPE, client_form

        token = text(shortest=backchannel.SHORTEST_NOTIFICATION_TOKEN, longest=backchannel.LONGEST_NOTIFICATION_TOKEN)
        takes = client_form(
            Field("scope", SCOPE, says="Must hold openid; required here or in the signed request"),
            *(Field(name, GIVEN, says="Exactly one of the three hints") for name in backchannel.HINTS),
            Field("binding_message", text(longest=backchannel.LONGEST_MESSAGE)),
            Field("client_notification_token", token, says="For ping and push"),
            Field("requested_expiry", text(pattern="^[0-9]{1,9}$"), says="Seconds"),
            Field("user_code", GIVEN, says="The code without which this person takes no requests"),
            *(Field("acr_values", ANY_TEXT), Field("request", GIVEN, says="All of it in a signed JWT")),
        )
        asked = members(
            Field("auth_req_id", ANY_TEXT, True),
            Field("expires_in", whole(1), True, "Seconds"),
            Field("interval", whole(1), says="Seconds between polls; not with push"),
        )
        refuses = (
            *(*CLIENT_REFUSALS, *PROOF_REFUSALS, errors.InvalidScope, TooMany, NotAllowed, UnknownUserId),
            *(MissingUserCode, InvalidUserCode, errors.InvalidBindingMessage, errors.ExpiredLoginHintToken),
            *(errors.RequestNotSupported, errors.RequestUriNotSupported),
        )
        answer = Answer(200, "The person is being asked", asked)
        does = "Ask a person on their phone (CIBA)"
        said = Operation("bc_authorize", does, (answer,), refuses, takes=takes, headers=(PROOF,), by=ANY_CLIENT)
        return {"POST": said}

    async def _said(self, client: Client, form: Mapping[str, str]) -> Mapping[str, str]:
        """The parameters: of the form, or of the signed request in it, which works once."""
        house, now = self._house, self._house.now()
        signed = await read_of(house, client, form["request"], "a signed request") if "request" in form else None
        said = said_by(client, form, signed, house.settings.issuer, now)
        if signed is not None:
            key_hash = digest("request_object", f"{client.client_id}\0{signed.token_id}")
            if not await house.store.take_once(key_hash, signed.expires_at):
                raise InvalidRequest("the signed request was used before; make a new one for each")
        return said

    async def _askable(self, client: Client, asked: Asked) -> Account:
        """Whom to ask, when this client may ask them now. Raises by the names of section 13."""
        house, now = self._house, self._house.now()
        account = await hinted_account(house, client, asked.hint, asked.hinted)
        if account is None:
            budgets = stranger_budgets(client.client_id, house.limits.per_network, house.limits.window)
            await self._take(budgets, "this client named too many people that we do not know")
        await self._check_code(client, account, asked.user_code)
        if account is None:
            raise UnknownUserId("nobody who can be asked is known by this hint")
        if any(mute.client_id == client.client_id for mute in await house.store.mutes(account.account_id, now)):
            raise NotAllowed("the user takes no requests of this client")
        return account

    async def _check_code(self, client: Client, account: Account | None, given: str) -> None:
        """A person who has a code is asked only by whoever knows it; tries are counted before they are looked at."""
        house = self._house
        kept = await house.store.find_request_code(account.account_id) if account else None
        code_hash = kept.code_hash if kept else ""
        if not given:
            if code_hash or client.backchannel_user_code_parameter:
                raise MissingUserCode("the user must give this client the code of their requests")
            return
        whose = account.account_id if account else ""
        budgets = code_budgets(whose, client.client_id, house.limits.per_account, house.limits.window)
        await self._take(budgets, "too many wrong codes of this user")
        async with self._turns:
            is_right = await asyncio.to_thread(is_code, given[:LONGEST], code_hash)
        is_asked_for = bool(code_hash) or client.backchannel_user_code_parameter
        if account is not None and is_asked_for and not is_right:
            raise InvalidUserCode("this is not the code of the requests of this user")
        await house.store.give_back_tries(budgets)

    async def _request(
        self, request: Request, client: Client, account: Account, asked: Asked, auth_req_id: str
    ) -> BackchannelRequest:
        now, mode = self._house.now(), _MODES[client.backchannel_token_delivery_mode]
        sealed = ""
        if mode != "poll":
            carried = json.dumps({"auth_req_id": auth_req_id, "token": asked.notification_token})
            sealed = await asyncio.to_thread(seal, carried, self._house.settings.key_secret)
        return BackchannelRequest(
            request_hash=digest("auth_req_id", auth_req_id),
            client_id=client.client_id,
            account_id=account.account_id,
            scopes=asked.scopes,
            created_at=now,
            expires_at=now + asked.lives_for,
            mode=mode,
            binding_message=asked.binding_message,
            address=request.client.host if request.client else "",
            sealed=sealed,
            due_at=None if mode == "poll" else now + asked.lives_for,
        )

    async def _start(self, request: Request, made: BackchannelRequest) -> None:
        """Put it before the person: only so often, and one of an app at a time."""
        house, now = self._house, self._house.now()
        budgets = prompt_budgets(made.account_id, made.client_id, house.settings.prompts_per_hour)
        await self._take(budgets, "this user was asked too often; try again later")
        told = happened(
            "asked", "client", now, origin_of(request), client_id=made.client_id, account_id=made.account_id
        )
        try:
            await house.backchannels.start(made, events=(told,))
        except AskedAlready as already:
            await house.store.give_back_tries(budgets)
            left = max(1, -(-(already.until - now) // SECOND))
            raise TooMany("a request of this client waits for this user already", retry_after=left) from None

    async def _take(self, budgets: Sequence[Budget], why: str) -> None:
        wait = await self._house.store.take_tries(budgets, self._house.now())
        if wait:
            raise TooMany(why, retry_after=-(-wait // SECOND))
