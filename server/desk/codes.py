"""The desk's part for user codes: what asks under a code, and the decision (RFC 8628 section 3.3).

A wrong code costs the same whatever the reason, and is counted before it is checked. Opening a code fixes what proof
of presence is asked for (`server/oauth/presence.py`); the decision takes no weaker one.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from server.desk.ladder import Ladder, is_proven
from server.desk.network import same_network
from server.desk.opening import Answer, Shown, Telling, decision, letting_go, opening
from server.oauth import guess, verification
from server.oauth.authentication import PASSWORD, reaches
from server.oauth.claim import claim_of
from server.oauth.device import DeviceAuthorization
from server.oauth.presence import choices, sure_word
from server.oauth.secret import digest
from server.oauth.step_up import is_met
from server.oauth.user_code import normalise, show
from web_verify.desk import Asking, Decided, Problem, Visitor
from web_verify.words import hear

log: Final = logging.getLogger("porchlight")
STOPPED: Final[dict[str, Literal["", "mismatch", "reported", "undone"]]] = {
    "mismatch": "mismatch",
    "reported": "reported",
    "undone": "undone",
}


class CodeDesk(Ladder):
    """`web_verify.desk.CodeDesk`."""

    async def look_up(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        signed_in = await self._signed_in(visitor)
        account_id = signed_in[1].account_id if signed_in else None
        found = await self._find(visitor, typed, account_id)
        if isinstance(found, Problem):
            return found
        authorization, code = found
        if authorization.state == "pending":
            if authorization.is_expired(self._house.now()) or not await self._may_sign_in(authorization.client_id):
                return Problem("expired")
            return await self._asking(authorization, code, visitor)
        return await self._settled(authorization, code, account_id)

    async def open(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return await self.look_up(visitor, typed)
        session, account = signed_in
        found = await self._find(visitor, typed, account.account_id)
        if isinstance(found, Problem):
            return found
        authorization, code = found
        if authorization.state == "pending" and not await self._may_sign_in(authorization.client_id):
            return Problem("expired")
        terms = await self._terms(authorization.client_id)
        facts = await self._facts(authorization, visitor, account.account_id)
        told = Telling(self._told(visitor, "stopped", account.account_id, authorization.client_id))
        change = opening(account.account_id, facts, terms, told, self._house.now())
        try:
            opened = await self._house.sign_ins.change(authorization.code_hash, change, events=told)
        except verification.NotPending as settled:
            return await self._over(settled.authorization, code, account.account_id)
        except verification.Blocked:
            self._stopped(told, "policy")
            return Problem("blocked")
        if told.asked is None or opened.state != "pending":
            log.warning("a sign-in was stopped: %s (client %s)", opened.stopped_for, opened.client_id)
            return await self._settled(opened, code, account.account_id)
        return await self._asking(opened, code, visitor, Shown(told.asked, terms, session.auth_time, session.amr))

    async def let_go(self, visitor: Visitor, typed: str) -> None:
        signed_in = await self._signed_in(visitor)
        code = normalise(typed)
        found = await self._house.sign_ins.find_by_user_code(digest("user_code", code)) if signed_in and code else None
        if signed_in is not None and found is not None and found.opened_by == signed_in[1].account_id:
            await self._house.sign_ins.change(found.code_hash, letting_go(found.opened_by, self._house.now()))

    async def decide(
        self,
        visitor: Visitor,
        typed: str,
        *,
        approve: bool,
        scopes: Sequence[str] | None = None,
        shown: str = "",
        opens: int | None = None,
    ) -> Decided | Problem:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return Problem("wrong")
        session, account = signed_in
        found = await self._find(visitor, typed, account.account_id)
        if isinstance(found, Problem):
            return found
        authorization, code = found
        if authorization.state == "pending" and not await self._may_sign_in(authorization.client_id):
            return Problem("expired")
        told = Telling(self._told(visitor, "denied", account.account_id, authorization.client_id, "device"))
        answer = Answer(approve, scopes, shown, opens)
        change = decision(session, answer, await self._terms(authorization.client_id), told, self._house.now())
        try:
            decided = await self._house.sign_ins.change(authorization.code_hash, change, events=told)
        except verification.NotPending as settled:
            return await self._over(settled.authorization, code, account.account_id)
        except verification.Unproven:
            return Problem("unproven")
        except (verification.NotOpened, verification.NotFresh):
            return Problem("open_again")
        if decided.stopped_for == "mismatch":
            log.warning("a sign-in was stopped: a wrong number (client %s)", decided.client_id)
        return await self._settled(decided, code, account.account_id)

    async def _find(
        self, visitor: Visitor, typed: str, account_id: str | None
    ) -> tuple[DeviceAuthorization, str] | Problem:
        """The authorization that was typed and its normal form; a try is counted, and given back when it was right."""
        house = self._house
        session = hashlib.sha256(visitor.session.encode()).hexdigest()[:32]
        budgets = guess.user_code_budgets(house.limits, session=session, account_id=account_id, address=visitor.address)
        wait = await house.store.take_tries(budgets, house.now())
        if wait:
            self._refused(visitor, "too_many_tries", account_id or "", "code")
            return Problem("too_many", wait)
        if account_id is None:
            together = guess.service_budgets(house.limits)
            if await house.store.take_tries(together, house.now()):
                await house.store.give_back_tries(budgets)
                self._refused(visitor, "too_many_tries", detail="code, of all strangers together")
                return Problem("sign_in")
            budgets += together
        code = normalise(typed)
        found = await house.sign_ins.find_by_user_code(digest("user_code", code)) if code else None
        if found is None or code is None:
            self._refused(visitor, "wrong_code", account_id or "")
            return Problem("wrong")
        await house.store.give_back_tries(budgets)
        return found, code

    async def _may_sign_in(self, client_id: str) -> bool:
        """Whether the app is still there: what it began ends with it."""
        client = await self._house.clients.find(client_id)
        return client is not None and client.is_enabled

    async def _asking(
        self, authorization: DeviceAuthorization, code: str, visitor: Visitor, shown: Shown | None = None
    ) -> Asking:
        hear(authorization.ui_locales)
        client = await self._house.clients.find(authorization.client_id)
        settings = self._house.settings
        claim = claim_of(authorization.claimed_name, settings.reserved_names)
        asking = Asking(
            app_name=client.name if client else authorization.client_id,
            is_app_proven=is_proven(client),
            user_code=show(code),
            asked_at=authorization.created_at,
            expires_at=authorization.expires_at,
            address=authorization.address,
            same_network=same_network(authorization.address, visitor.address, is_local=settings.is_local),
            claimed_name=claim.name,
            is_name_hidden=claim.is_hidden,
            scopes=self._sentences(authorization.scopes),
            place=self._house.places.of(authorization.address).name,
            phone_place=self._house.places.of(visitor.address).name,
            needs_passkey=not reaches(PASSWORD, authorization.acr_values),
        )
        return asking if shown is None else self._with_proof(asking, authorization, shown)

    def _with_proof(self, asking: Asking, authorization: DeviceAuthorization, shown: Shown) -> Asking:
        """What is asked, with the proof that this person must give and what comes of it."""
        asked, level = shown.asked, int(shown.asked.level)
        granted = shown.terms.granted(authorization.scopes, level, authorization.proof)
        return replace(
            asking,
            proof=asked.proof or "approve",
            notice=asked.notice,
            sure=sure_word(
                self._house.mint.ring.nonce_secret, authorization.opened_by or "", authorization.code_hash, asked.notice
            ),
            choices=choices(authorization.match) if asked.proof == "pick" else (),
            opens=authorization.opens,
            must_sign_in=(asked.needs_fresh_sign_in and shown.auth_time < authorization.created_at)
            or not is_met(authorization, shown.auth_time, shown.amr, self._house.now()),
            scopes=self._sentences(granted),
            kept_back=self._sentences([scope for scope in authorization.scopes if scope not in granted]),
            lasts_for=shown.terms.lasts_for(level),
        )

    def _stopped(self, told: Telling, why: str) -> None:
        """The policy stopped it: nothing changed, so that the event stands alone, and as often as somebody looks; the
        log has no more lines of it than the audit has events."""
        event = replace(told.event, what="stopped", detail=why)
        if self._house.refusals.note(event):
            log.warning("a sign-in was stopped: %s (client %s)", why, event.client_id)

    async def _over(self, authorization: DeviceAuthorization, code: str, account_id: str) -> Decided | Problem:
        if authorization.state == "pending":
            return Problem("expired")
        return await self._settled(authorization, code, account_id)

    async def _settled(
        self, authorization: DeviceAuthorization, code: str, account_id: str | None
    ) -> Decided | Problem:
        """What is left to say of a code that was decided: to whoever decided, and to anybody else."""
        if authorization.account_id is None and authorization.stopped_for:
            return Problem("shared" if authorization.stopped_for == "shared" else "blocked")
        if authorization.account_id is None or authorization.account_id != account_id:
            return Problem("denied" if authorization.state == "denied" else "used")
        client = await self._house.clients.find(authorization.client_id)
        return Decided(
            app_name=client.name if client else authorization.client_id,
            user_code=show(code),
            approved=authorization.state != "denied" and authorization.stopped_for not in ("reported", "undone"),
            decided_at=authorization.decided_at or authorization.created_at,
            stopped_for=STOPPED.get(authorization.stopped_for, ""),
            is_signed_in=authorization.state == "redeemed",
            given_name=authorization.given_name,
        )
