"""The desk's part for passkeys (WebAuthn Level 3): a challenge of this browser, answered once, user verified.

What a stranger is asked with is the same for everybody: the key itself says whose it is.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from server.desk.browser import browser_name
from server.desk.proofs import Proofs
from server.desk.ways import ways_of
from server.house import House
from server.oauth import factor
from server.oauth.account import Account
from server.oauth.authentication import PASSKEY, SYNCED_PASSKEY
from server.oauth.factor import MOST_PASSKEYS, Copied, Passkey
from server.oauth.secret import draw
from server.oauth.store import NameTaken
from server.signing import passkey
from web_verify.desk import Problem, SignedIn, Visitor, Ways

LONGEST_NAME: Final = 60


class PasskeyDesk(Proofs):
    """`web_verify.desk.PasskeyDesk`."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._party = passkey.party_of(house.settings.issuer, house.settings.service_name)

    async def ways(self, visitor: Visitor) -> Ways | Problem:
        fresh = await self._fresh(visitor)
        return fresh if isinstance(fresh, Problem) else await ways_of(self._house, fresh[1].account_id)

    async def ask_for_passkey(self, visitor: Visitor) -> Mapping[str, Any] | Problem:
        if self._party is None:
            return Problem("blocked")
        if refusal := self._share(visitor):
            return refusal
        challenge = draw()
        await self._attempt(visitor, "passkey", challenge)
        return passkey.request_options(self._party, challenge=challenge)

    async def sign_in_by_passkey(self, visitor: Visitor, answer: str) -> SignedIn | Problem:
        try:
            challenge = passkey.challenge_of(answer)
            credential_id, handle = passkey.named_key(answer)
        except passkey.Unproven as error:
            return self._no_good(visitor, "", str(error))
        if self._party is None or await self._finished(visitor, challenge, "passkey") is None:
            return Problem("expired")
        found = await self._house.store.find_passkey(credential_id)
        account = await self._house.store.find_account(found.account_id) if found is not None else None
        if found is None or account is None or handle not in ("", account.account_id):
            return self._no_good(visitor, "", "nobody's")
        read = partial(passkey.read_used, answer, self._party, challenge, found.public_key)
        try:
            shown = await asyncio.to_thread(read)
        except passkey.Unproven as error:
            return self._no_good(visitor, account.account_id, str(error))
        if not account.is_enabled:
            return self._no_good(visitor, account.account_id, "disabled")
        return await self._enter(visitor, account, found, shown.sign_count)

    async def _enter(self, visitor: Visitor, account: Account, found: Passkey, sign_count: int) -> SignedIn | Problem:
        """Sign in by a key that was shown, unless its counter says that there are two of it."""
        store, now = self._house.store, self._house.now()
        try:
            await store.change_passkey(found.credential_id, lambda kept: factor.shown(kept, sign_count, now))
        except Copied:
            told = self._told(visitor, "passkey_copied", account.account_id, detail=found.name)
            await store.change_passkey(found.credential_id, lambda kept: factor.alarmed(kept, now), events=(told,))
            await self._write_to(account)
            return Problem("blocked")
        except LookupError:
            if found.alarmed_at is not None:
                return Problem("blocked")
            return self._no_good(visitor, account.account_id, "removed meanwhile")
        return await self._begin_session(visitor, account, SYNCED_PASSKEY if found.is_synced else PASSKEY)

    async def ask_for_new_passkey(self, visitor: Visitor) -> Mapping[str, Any] | Problem:
        fresh = await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        if self._party is None:
            return Problem("blocked")
        account, challenge = fresh[1], draw()
        known = [each.credential_id for each in await self._house.store.passkeys(account.account_id)]
        if len(known) >= MOST_PASSKEYS:
            return Problem("used")
        await self._attempt(visitor, "new_passkey", challenge, account_id=account.account_id)
        return passkey.creation_options(
            self._party,
            challenge=challenge,
            account_id=account.account_id,
            username=account.username,
            shown_name=account.name,
            known=known,
        )

    async def add_passkey(self, visitor: Visitor, answer: str, name: str) -> Problem | None:
        fresh = await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        account = fresh[1]
        try:
            challenge = passkey.challenge_of(answer)
            attempt = await self._finished(visitor, challenge, "new_passkey")
            if self._party is None or attempt is None or attempt.account_id != account.account_id:
                return Problem("expired")
            made = await asyncio.to_thread(passkey.read_new, answer, self._party, challenge)
        except passkey.Unproven as error:
            return self._no_good(visitor, account.account_id, str(error))
        called = "".join(each for each in " ".join(name.split()) if each.isprintable())[:LONGEST_NAME]
        kept = Passkey(
            made.credential_id,
            account.account_id,
            made.public_key,
            made.sign_count,
            called or browser_name(visitor.browser) or "1",
            made.is_synced,
            self._house.now(),
        )
        told = self._told(visitor, "account_changed", account.account_id, detail="passkey added")
        try:
            await self._house.store.add_passkey(kept, events=(told,))
        except NameTaken:
            return self._no_good(visitor, account.account_id, "known already")
        await self._write_to(account)
        return None

    async def remove_passkey(self, visitor: Visitor, passkey_id: str) -> Problem | None:
        fresh = await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        account = fresh[1]
        told = self._told(visitor, "account_changed", account.account_id, detail="passkey removed")
        outcome = await self._house.store.remove_passkey(account.account_id, passkey_id, events=(told,))
        if outcome == "removed":
            await self._write_to(account)
        return Problem("last") if outcome == "last" else None

    def _no_good(self, visitor: Visitor, account_id: str, why: str) -> Problem:
        self._refused(visitor, "wrong_factor", account_id, f"passkey: {why}")
        return Problem("wrong")
