"""The desk's part for apps: what an app asks, and where the browser goes with the answer (RFC 6749 section 4.1)."""

from collections.abc import Sequence
from dataclasses import replace

from server.desk.visits import SignedInAs, Visits
from server.endpoints.authorize import leaving
from server.oauth import authorization
from server.oauth.authentication import PASSWORD, reaches
from server.oauth.authorization import AuthorizationRequest, Over
from server.oauth.errors import AccessDenied, OAuthError
from server.oauth.event import Event, What
from server.oauth.identity import SCOPE, identity_at_once
from server.oauth.redirect import answer_of, form_target, refusal_of
from server.oauth.secret import digest, draw
from server.oauth.store import ChangeRequest
from server.signing.id_token import sign_identity
from web_verify.desk import AppAsking, Leaving, Problem, Visitor
from web_verify.words import hear


class AppDesk(Visits):
    """`web_verify.desk.AppDesk`."""

    async def look_up_app(self, visitor: Visitor, request_id: str) -> AppAsking | Problem:
        return await self._look_up_app(request_id, await self._signed_in(visitor))

    async def decide_app(
        self, visitor: Visitor, request_id: str, *, approve: bool | None, scopes: Sequence[str] | None = None
    ) -> Leaving | Problem:
        signed_in = await self._signed_in(visitor)
        asking = await self._look_up_app(request_id, signed_in)
        if isinstance(asking, Problem):
            return asking
        if asking.next == "sign_in" or (approve is None) != (asking.next == "leave"):
            return Problem("wrong")  # decided by somebody who may not, or not in this way
        try:
            return await self._decide_app(visitor, request_id, signed_in, approve, scopes)
        except Over:
            return Problem("used")

    async def _look_up_app(self, request_id: str, signed_in: SignedInAs | None) -> AppAsking | Problem:
        house = self._house
        try:
            request = await self._pending(request_id)
        except Over as over:
            return Problem("expired" if over.request.stage == "asked" else "used")
        except LookupError:
            return Problem("wrong")
        client = await house.clients.find(request.client_id)
        if client is None or not client.is_enabled:
            return Problem("wrong")
        hear(request.ui_locales)
        session = signed_in[0] if signed_in else None
        is_allowed = await self._is_allowed(request, signed_in)
        return AppAsking(
            app_name=client.name,
            form_target=form_target(request.redirect_uri),
            expires_at=request.expires_at,
            login_hint=request.login_hint,
            scopes=self._sentences(request.scopes),
            is_app_proven=not client.is_claimed,
            needs_passkey=not reaches(PASSWORD, request.acr_values),
            next=authorization.next_step(request, session, is_allowed=is_allowed, now=house.now()),
        )

    async def _decide_app(
        self,
        visitor: Visitor,
        request_id: str,
        signed_in: SignedInAs | None,
        approve: bool | None,
        scopes: Sequence[str] | None,
    ) -> Leaving:
        request = await self._pending(request_id)
        refusal = await self._refusal(request, signed_in, approve, scopes)
        if refusal is None and signed_in is not None:
            told = self._decided(visitor, "approved", request, signed_in, approve)
            return await self._approve(visitor, request_id, signed_in, scopes, told)
        account_id, now = signed_in[1].account_id if signed_in else None, self._house.now()
        denied = await self._change(
            request_id,
            lambda found: authorization.deny(found, account_id=account_id, now=now),
            self._decided(visitor, "denied", request, signed_in, approve),
        )
        return self._leaving(denied, refusal_of(refusal or AccessDenied()))

    async def _refusal(
        self,
        request: AuthorizationRequest,
        signed_in: SignedInAs | None,
        approve: bool | None,
        scopes: Sequence[str] | None,
    ) -> OAuthError | None:
        """Why the app gets nothing; None when it gets what it asked for."""
        if approve is None:
            session = signed_in[0] if signed_in else None
            is_allowed = await self._is_allowed(request, signed_in)
            return authorization.unasked(request, session, is_allowed=is_allowed, now=self._house.now())
        if request.response_type == "id_token" and scopes is not None and SCOPE not in scopes:
            return AccessDenied("the person left out who they are")
        return None if approve else AccessDenied("the person said no")

    def _decided(
        self,
        visitor: Visitor,
        what: What,
        request: AuthorizationRequest,
        signed_in: SignedInAs | None,
        approve: bool | None,
    ) -> Event:
        """The event of this decision. Where nobody was asked, it is the house's."""
        account_id = signed_in[1].account_id if signed_in else ""
        if approve is None:
            told = self._told(visitor, what, account_id, request.client_id, "app, without asking")
            return replace(told, actor="house")
        return self._told(visitor, what, account_id, request.client_id, "app")

    async def _approve(
        self, visitor: Visitor, request_id: str, signed_in: SignedInAs, scopes: Sequence[str] | None, told: Event
    ) -> Leaving:
        (session, account), code, now = signed_in, draw(), self._house.now()

        def change(found: AuthorizationRequest | None) -> AuthorizationRequest:
            return authorization.approve(
                found,
                account_id=account.account_id,
                auth_time=session.auth_time,
                amr=session.amr,
                address=visitor.address,
                scopes=scopes,
                code_hash=digest("code", code),
                now=now,
                session_id=session.session_id,
            )

        approved = await self._change(request_id, change, told)
        if approved.response_type == "code":
            return self._leaving(approved, {"code": code})
        house = self._house
        identity = identity_at_once(approved, house.memory.lifetimes.access)
        return self._leaving(approved, {"id_token": sign_identity(house.mint.ring, house.settings.issuer, identity)})

    async def _pending(self, request_id: str) -> AuthorizationRequest:
        found = await self._house.store.find_request(digest("request", request_id))
        return authorization.open_for_decision(found, self._house.now())

    async def _change(self, request_id: str, change: ChangeRequest, told: Event) -> AuthorizationRequest:
        return await self._house.store.change_request(digest("request", request_id), change, events=(told,))

    def _leaving(self, request: AuthorizationRequest, said: dict[str, str]) -> Leaving:
        answer = answer_of(self._house.settings.issuer, request.state, said)
        return leaving(request.redirect_uri, request.response_mode, answer)

    async def _is_allowed(self, request: AuthorizationRequest, signed_in: SignedInAs | None) -> bool:
        """Whether this person lets this app do all this already: an app that authenticates, signed in and not ended.

        Anybody can call themselves a public client: those ask each time (RFC 8252 section 8.6).
        """
        client = await self._house.clients.find(request.client_id)
        if signed_in is None or client is None or client.auth_method == "none":
            return False
        now = self._house.now()
        return any(
            family.client_id == request.client_id and family.is_live(now) and {*request.scopes} <= {*family.scopes}
            for family in await self._house.store.families(signed_in[1].account_id)
        )
