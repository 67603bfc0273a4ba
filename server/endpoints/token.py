"""The token endpoint (RFC 6749 section 3.2), and held requests: `Prefer: wait=N` (RFC 7240 section 4.3).

A held request is answered the moment the person decides, or after N seconds as pending. It counts as one poll, when it
arrives. A client that does not ask is served as RFC 8628 says.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import NO_STORE, json_answer, note_refusal, refusal
from server.house import House
from server.oauth import scope
from server.oauth.backchannel import GRANT_TYPE as CIBA
from server.oauth.certificate import demand_certificate
from server.oauth.client import Client
from server.oauth.device import GRANT_TYPE
from server.oauth.errors import AuthorizationPending, OAuthError, SlowDown
from server.oauth.grants import BY_TYPE
from server.oauth.grants.pipeline import Grant, Issue, TokenRequest, choose, demand_proof
from server.oauth.secret import digest
from server.possession import shown_certificate, shown_proof
from server.signing.id_token import sign_identity

from .client_auth import proven_client
from .fast_poll import is_memorable
from .form import parse_form, read_form_body
from .origin import origin_of

if TYPE_CHECKING:
    from server.openapi.operation import About

PATH: Final = "/token"
_WAIT: Final = re.compile(r"(?:^|,)\s*wait\s*=\s*(\"?)([0-9]{1,9})\1\s*(?=$|[,;])", re.IGNORECASE)


class TokenEndpoint:
    """POST /token: every grant, by its `grant_type`."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        body = await read_form_body(request)
        form = parse_form(body)
        grant = choose(form, BY_TYPE)
        client = await proven_client(self._house, request, form, is_poll=grant.GRANT_TYPE in (GRANT_TYPE, CIBA))
        client.may_use(grant.GRANT_TYPE)
        proof = shown_proof(self._house, request, PATH)
        demand_proof(client, proof)
        certificate = demand_certificate(client, shown_certificate(self._house, request))
        origin = origin_of(request)
        asked = TokenRequest(client, form, self._house.now(), proof=proof, origin=origin, certificate=certificate)
        wait_for = self._wait_for(request)
        try:
            issue = await grant.redeem(asked, self._house.memory)
        except (AuthorizationPending, SlowDown) as undecided:
            is_news = self._tells(asked, undecided)
            if wait_for and not is_news:
                return await self._hold(request, grant, asked, wait_for, undecided)
            self._remember(request, client, form, body, undecided)
            raise
        return self._answer(issue)

    def about(self) -> "About":
        from server.oauth import errors
        from server.oauth.grants.target import InvalidTarget
        from server.openapi.operation import ANY_TEXT, FLAG, NOT_KEPT, Answer, Field, Operation, members, text, whole
        from server.openapi.parts import (
            ANY_CLIENT,
            CLIENT_REFUSALS,
            GIVEN,
            NONCE,
            PROOF,
            PROOF_REFUSALS,
            SCOPE,
            client_form,
        )

        names = {name: GIVEN for grant in BY_TYPE.values() for name in (*grant.PARAMETERS, "refresh_token")}
        takes = client_form(
            Field("grant_type", text(*BY_TYPE), True),
            *(Field(name, schema) for name, schema in names.items()),
            *(Field(name, GIVEN) for name in ("redirect_uri", "code_verifier", "requested_token_type")),
            *(Field(name, GIVEN, says="May be repeated") for name in ("audience", "resource")),
            Field("scope", SCOPE),
            Field("match", text("1"), says="Ours: the device can show a number for its person to repeat"),
        )
        issued = members(
            *(Field(name, ANY_TEXT, True) for name in ("access_token", "scope")),
            Field("token_type", text("Bearer", "DPoP"), True),
            Field("expires_in", whole(), True, "Seconds"),
            *(Field(name, ANY_TEXT) for name in ("refresh_token", "id_token", "issued_token_type")),
        )
        applied = Field("preference-applied", text(pattern="^wait=[0-9]+$"))
        refuses = (
            *(*CLIENT_REFUSALS, *PROOF_REFUSALS, errors.UnsupportedGrantType, errors.InvalidGrant, errors.InvalidScope),
            *(InvalidTarget, AuthorizationPending, SlowDown, errors.AccessDenied, errors.ExpiredToken),
        )
        undecided = (
            Field("interval", whole(1), says="Ours, with slow_down: the seconds to keep from now on"),
            Field("opened", FLAG, says="Ours, while pending: a phone has opened the code"),
            Field("expires_in", whole(), says="Ours, with opened: the seconds that are left"),
            Field("match", text(pattern="^[0-9]{2}$"), says="Ours: the number to show to whoever stands there"),
        )
        wait = Field("Prefer", text(pattern="^wait=[0-9]{1,9}$"), says="Hold the request while the person decides")
        answer = Answer(200, "Tokens", issued, headers=(*NOT_KEPT, NONCE, applied))
        said = Operation("token", "Give tokens for a grant (RFC 6749 section 3.2)", (answer,), refuses, undecided)
        return {"POST": said._replace(takes=takes, headers=(PROOF, wait), by=ANY_CLIENT)}

    def _wait_for(self, request: Request) -> int:
        """How many seconds this request may be held: 0 when it does not ask."""
        asked = _WAIT.search(",".join(request.headers.getlist("prefer")))
        return min(int(asked[2]), self._house.settings.hold_for) if asked else 0

    async def _hold(
        self, request: Request, grant: Grant, asked: TokenRequest, seconds: int, undecided: OAuthError
    ) -> Response:
        """Wait for the decision, then ask the same grant again; else it is answered as it was when it came.

        Who hung up meanwhile redeems nothing.
        """
        hangs_up = asyncio.ensure_future(_until_hung_up(request))
        decided = asyncio.ensure_future(self._decision(asked, seconds))
        try:
            await asyncio.wait((hangs_up, decided), return_when=asyncio.FIRST_COMPLETED)
            if hangs_up.done():
                return Response(status_code=499)
        finally:
            hangs_up.cancel()
            decided.cancel()
        applied = {"preference-applied": f"wait={seconds}"}
        if self._house.is_closing:
            return _with_headers(refusal(undecided), applied)
        again = replace(asked, now=self._house.now(), is_held_over=True)
        try:
            return _with_headers(self._answer(await grant.redeem(again, self._house.memory)), applied)
        except AuthorizationPending as still:
            is_news = self._tells(again, still)
            return _with_headers(
                refusal(still if is_news or not isinstance(undecided, SlowDown) else undecided), applied
            )
        except OAuthError as decided_otherwise:
            note_refusal(request.scope, decided_otherwise)
            return _with_headers(refusal(decided_otherwise), applied)

    async def _decision(self, asked: TokenRequest, seconds: int) -> None:
        """Return when the person has decided what this request polls, or after so many seconds."""
        said = asked.parameters
        if said["grant_type"] == CIBA:
            await self._house.backchannels.wait(digest("auth_req_id", said["auth_req_id"]), seconds)
        else:
            await self._house.sign_ins.wait(digest("device_code", said["device_code"]), seconds)

    def _answer(self, issue: Issue) -> Response:
        """The successful answer (RFC 6749 section 5.1)."""
        house, access = self._house, issue.access
        token = house.mint.sign(access)
        content: dict[str, str | int] = {
            **issue.members,
            "access_token": token,
            "token_type": "Bearer" if access.jkt is None else "DPoP",
            "expires_in": access.expires_at // 1_000 - house.now() // 1_000,
            "scope": scope.write(access.scopes),
        }
        if issue.refresh_token is not None:
            content["refresh_token"] = issue.refresh_token
        if issue.identity is not None:
            content["id_token"] = sign_identity(house.mint.ring, house.settings.issuer, issue.identity, token)
        house.counts.tokens_issued += 1
        if access.jkt is not None and house.settings.dpop_nonces:
            return json_answer(content, headers={**NO_STORE, "dpop-nonce": house.nonces()[0]})
        return json_answer(content)

    def _tells(self, asked: TokenRequest, undecided: OAuthError) -> bool:
        """Whether this answer is the first to tell that a phone opened the code: it is given at once, and what follows
        on it at once is no poll too many."""
        if not isinstance(undecided, AuthorizationPending) or not undecided.opens:
            return False
        code_hash = digest("device_code", asked.parameters["device_code"])
        return self._house.sign_ins.tell(code_hash, undecided.opens, asked.now)

    def _remember(
        self, request: Request, client: Client, form: Mapping[str, str], body: bytes, undecided: OAuthError
    ) -> None:
        """Let the same poll be answered in front of the router from now on, if nothing but its body matters."""
        if isinstance(undecided, AuthorizationPending) and undecided.opens:
            return  # that answer says more than the one prepared there
        if client.auth_method == "none" and not client.is_certificate_bound and is_memorable(request.scope["headers"]):
            body_hash = hashlib.sha256(body).digest()
            self._house.sign_ins.remember_body(body_hash, digest("device_code", form["device_code"]))


async def _until_hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    response.headers.update(headers)
    return response
