"""The desk's part for user codes: what asks under a code, and the decision (RFC 8628 section 3.3).

A wrong code costs the same whatever the reason, and is counted before it is checked.
"""

import hashlib
from collections.abc import Sequence

from server.desk.network import same_network
from server.desk.visits import Visits
from server.oauth import guess, verification
from server.oauth.account import Session
from server.oauth.device import DeviceAuthorization
from server.oauth.event import What
from server.oauth.secret import digest
from server.oauth.store import Change
from server.oauth.user_code import normalise, show
from web_verify.desk import Asking, Decided, Problem, Visitor


class CodeDesk(Visits):
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

    async def decide(
        self, visitor: Visitor, typed: str, *, approve: bool, scopes: Sequence[str] | None = None
    ) -> Decided | Problem:
        house = self._house
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
        what: What = "approved" if approve else "denied"
        told = self._told(visitor, what, account.account_id, authorization.client_id, "device")
        change = _decision(session, approve=approve, scopes=scopes, now=house.now())
        try:
            decided = await house.sign_ins.change(authorization.code_hash, change, events=(told,))
        except verification.NotPending as settled:
            if settled.authorization.state == "pending":
                return Problem("expired")
            return await self._settled(settled.authorization, code, account.account_id)
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

    async def _asking(self, authorization: DeviceAuthorization, code: str, visitor: Visitor) -> Asking:
        client = await self._house.clients.find(authorization.client_id)
        return Asking(
            app_name=client.name if client else authorization.client_id,
            is_app_proven=client is not None and client.auth_method != "none" and not client.is_claimed,
            user_code=show(code),
            asked_at=authorization.created_at,
            expires_at=authorization.expires_at,
            address=authorization.address,
            same_network=same_network(authorization.address, visitor.address, is_local=self._house.settings.is_local),
            claimed_name=authorization.claimed_name,
            scopes=self._sentences(authorization.scopes),
        )

    async def _settled(
        self, authorization: DeviceAuthorization, code: str, account_id: str | None
    ) -> Decided | Problem:
        """What is left to say of a code that was decided: to whoever decided, and to anybody else."""
        if authorization.account_id is None or authorization.account_id != account_id:
            return Problem("denied" if authorization.state == "denied" else "used")
        client = await self._house.clients.find(authorization.client_id)
        return Decided(
            app_name=client.name if client else authorization.client_id,
            user_code=show(code),
            approved=authorization.state != "denied",
            decided_at=authorization.decided_at or authorization.created_at,
        )


def _decision(session: Session, *, approve: bool, scopes: Sequence[str] | None, now: int) -> Change:
    def change(found: DeviceAuthorization | None) -> DeviceAuthorization:
        if found is None:
            raise LookupError("the device authorization was swept away")
        if not approve:
            return verification.deny(found, account_id=session.account_id, now=now)
        return verification.approve(
            found,
            account_id=session.account_id,
            auth_time=session.auth_time,
            amr=session.amr,
            scopes=scopes,
            now=now,
        )

    return change
