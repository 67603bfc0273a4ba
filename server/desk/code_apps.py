"""The desk's part for one-time codes: the second step after a password, setting a code app up, recovery codes.

A wrong code costs the same whatever was wrong with it, and is counted before it is checked.
"""

import asyncio
from dataclasses import replace

from server.desk.proofs import STEP_OF, Proofs
from server.oauth import guess, totp
from server.oauth.account import Account
from server.oauth.authentication import PASSWORD_AND_CODE
from server.oauth.factor import Attempt, Totp
from server.oauth.secret import digest
from server.oauth.totp import WrongCode
from server.signing.seal import seal, unseal
from web_verify.desk import NewCodeApp, Problem, SignedIn, Visitor


class CodeAppDesk(Proofs):
    """`web_verify.desk.CodeAppDesk`."""

    async def second_step(self, visitor: Visitor) -> str | None:
        found = await self._owed(visitor)
        return found[1].username if found is not None else None

    async def finish_second_step(self, visitor: Visitor, typed: str) -> SignedIn | Problem:
        found = await self._owed(visitor)
        if found is None:
            return Problem("expired")
        account = found[1]
        if refusal := await self._demand_code(visitor, account, typed):
            return refusal
        if await self._finished(visitor, STEP_OF + visitor.session, "second_step", was=account) is None:
            return Problem("expired")
        return await self._begin_session(visitor, account, PASSWORD_AND_CODE)

    async def _owed(self, visitor: Visitor) -> tuple[Attempt, Account] | None:
        """Whose code is owed here, while the password that was given is still theirs."""
        store = self._house.store
        attempt = await store.find_attempt(digest("attempt", STEP_OF + visitor.session))
        account = await store.find_account(attempt.account_id) if attempt is not None else None
        if attempt is None or account is None or not account.is_enabled:
            return None
        return (attempt, account) if self._is_mine(visitor, attempt, "second_step", was=account) else None

    async def _demand_code(self, visitor: Visitor, account: Account, typed: str) -> Problem | None:
        """None once this code is used up: one of the app, or one of those for when it is lost."""
        house, account_id = self._house, account.account_id
        budgets = guess.second_step_budgets(house.limits, account_id=account_id, address=visitor.address)
        if wait := await house.store.take_tries(budgets, house.now()):
            self._refused(visitor, "too_many_tries", account_id, "one-time code")
            return Problem("too_many", wait)
        if totp.read_recovery_code(typed):
            told = self._told(visitor, "account_changed", account_id, detail="recovery code used")
            if await house.store.take_recovery_code(totp.kept(account_id, typed), events=(told,)):
                await house.store.give_back_tries(budgets)
                await self._write_to(account)
                return None
        elif await self._use(account_id, typed, None):
            await house.store.give_back_tries(budgets)
            return None
        self._refused(visitor, "wrong_factor", account_id, "one-time code")
        return Problem("wrong")

    async def _use(
        self, account_id: str, typed: str, codes: tuple[str, ...] | None, detail: Visitor | None = None
    ) -> bool:
        """Whether this code was good, and is used up now. With `codes` it confirms the app, and these replace the
        recovery codes; the event names the visitor `detail`."""
        store, now = self._house.store, self._house.now()
        found = await store.find_totp(account_id)
        if found is None or found.is_confirmed != (codes is None):
            return False
        secret = await asyncio.to_thread(unseal, found.sealed, self._house.settings.key_secret)
        kept = None if codes is None else [totp.kept(account_id, each) for each in codes]
        told = (
            () if detail is None else (self._told(detail, "account_changed", account_id, detail="one-time codes on"),)
        )

        def change(before: Totp | None) -> Totp:
            if before is None or before.sealed != found.sealed:
                raise WrongCode
            return totp.used(before, secret, typed, now)

        try:
            await store.change_totp(account_id, change, codes=kept, events=told)
        except WrongCode:
            return False
        return True

    async def begin_code_app(self, visitor: Visitor) -> Problem | None:
        fresh = await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        account_id, now = fresh[1].account_id, self._house.now()
        sealed = await asyncio.to_thread(seal, totp.draw_secret(), self._house.settings.key_secret)

        def change(before: Totp | None) -> Totp:
            if before is not None and before.is_confirmed:
                raise LookupError("there is one")
            return Totp(account_id, sealed, now)

        try:
            await self._house.store.change_totp(account_id, change)
        except LookupError:
            return Problem("used")
        return None

    async def new_code_app(self, visitor: Visitor) -> NewCodeApp | Problem | None:
        fresh = await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        account = fresh[1]
        found = await self._house.store.find_totp(account.account_id)
        if found is None or found.is_confirmed:
            return None
        secret = await asyncio.to_thread(unseal, found.sealed, self._house.settings.key_secret)
        service = self._house.settings.service_name
        return NewCodeApp(secret, totp.provisioning_uri(secret, service, account.username))

    async def confirm_code_app(self, visitor: Visitor, typed: str) -> tuple[str, ...] | Problem:
        house, fresh = self._house, await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        account = fresh[1]
        budgets = guess.second_step_budgets(house.limits, account_id=account.account_id, address=visitor.address)
        if wait := await house.store.take_tries(budgets, house.now()):
            return Problem("too_many", wait)
        codes = totp.draw_recovery_codes()
        if not await self._use(account.account_id, typed, codes, visitor):
            return Problem("wrong")
        await house.store.give_back_tries(budgets)
        await self._write_to(account)
        return codes

    async def renew_recovery_codes(self, visitor: Visitor) -> tuple[str, ...] | Problem:
        fresh = await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        account_id, codes = fresh[1].account_id, totp.draw_recovery_codes()
        told = self._told(visitor, "account_changed", account_id, detail="recovery codes renewed")

        def change(before: Totp | None) -> Totp:
            if before is None or not before.is_confirmed:
                raise LookupError("there is none")
            return replace(before)

        try:
            kept = [totp.kept(account_id, each) for each in codes]
            await self._house.store.change_totp(account_id, change, codes=kept, events=(told,))
        except LookupError:
            return Problem("expired")
        return codes

    async def remove_code_app(self, visitor: Visitor) -> Problem | None:
        fresh = await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        account = fresh[1]
        told = self._told(visitor, "account_changed", account.account_id, detail="one-time codes off")
        if await self._house.store.remove_totp(account.account_id, events=(told,)):
            await self._write_to(account)
        return None
