"""The desk's part for other OpenID providers: there and back in one browser, and whose account that is.

Known by issuer and subject alone. A first visit links to the account with the same address only where
`oauth/provider.py` says so; else the person signs in here first and links on the page of their account.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from server.desk.proofs import Proofs
from server.oauth.account import Account, tidy_username
from server.oauth.authentication import FEDERATED
from server.oauth.factor import MOST_IDENTITIES, Attempt, Identity
from server.oauth.provider import Provider, Told, Untold, code_of, demand_domain, may_link
from server.oauth.secret import draw, draw_id
from server.oauth.store import NameTaken
from web_verify.desk import CameBack, NotTold, Problem, SignedIn, Visitor

log: Final = logging.getLogger("porchlight")
NAMES_TRIED: Final = 20


class ProviderDesk(Proofs):
    """`web_verify.desk.ProviderDesk`."""

    async def to_provider(
        self, visitor: Visitor, key: str, came_for: str, *, links: bool, fresh: bool
    ) -> str | NotTold | Problem:
        provider, account_id = self._house.providers.known.get(key), ""
        if provider is None:
            return Problem("wrong")
        if links:
            signed_in = await self._fresh(visitor)
            if isinstance(signed_in, Problem):
                return signed_in
            account_id = signed_in[1].account_id
        if refusal := self._share(visitor):
            return refusal
        state = draw()
        try:
            way = await self._house.providers.way_there(provider, state=state, secret=visitor.session, fresh=fresh)
        except Untold as untold:
            log.warning("the provider %s cannot be asked: %s", key, untold)
            return untold.why
        await self._attempt(
            visitor,
            "link" if links else "provider",
            state,
            account_id=account_id,
            provider=key,
            came_for=came_for,
            needs_fresh=fresh,
        )
        return way

    async def from_provider(self, visitor: Visitor, key: str, answer: Mapping[str, str]) -> CameBack:
        provider, state = self._house.providers.known.get(key), answer.get("state", "")
        attempt = await self._finished(visitor, state, "provider", "link") if state else None
        if provider is None or attempt is None or attempt.provider != key:
            return CameBack("", why_not="expired")
        if attempt.errand == "link" and not await self._is_here(visitor, attempt.account_id):
            return CameBack("", why_not="expired")
        try:
            told = await self._told_there(visitor, provider, attempt, state, answer)
            if attempt.errand == "link":
                await self._link(visitor, provider, told, attempt.account_id)
                return CameBack(attempt.came_for, is_linked=True)
            account = await self._whose(visitor, provider, told)
        except Untold as untold:
            log.warning("the provider %s signed nobody in: %s", key, untold)
            self._refused(visitor, "wrong_factor", attempt.account_id, f"provider {key}: {untold}")
            return CameBack(attempt.came_for, why_not=untold.why)
        entered = await self._enter_from(visitor, account, told)
        if isinstance(entered, Problem):
            return CameBack(attempt.came_for, why_not="expired")
        return CameBack(attempt.came_for, signed_in=entered)

    async def _is_here(self, visitor: Visitor, account_id: str) -> bool:
        """Whether this person is still signed in here: whoever was signed out meanwhile links nothing any more."""
        signed_in = await self._signed_in(visitor)
        return signed_in is not None and signed_in[1].account_id == account_id

    async def _told_there(
        self, visitor: Visitor, provider: Provider, attempt: Attempt, state: str, answer: Mapping[str, str]
    ) -> Told:
        providers = self._house.providers
        told = await providers.redeem(
            provider,
            code_of(answer, await providers.endpoints(provider)),
            state=state,
            secret=visitor.session,
            begun_at=attempt.created_at,
            fresh=attempt.needs_fresh,
        )
        demand_domain(told, provider)
        return told

    async def _enter_from(self, visitor: Visitor, account: Account, told: Told) -> SignedIn | Problem:
        """The person proved who they are when they did so there, not when they came back."""
        store, now = self._house.store, self._house.now()
        await store.use_identity(told.identity_hash, now)
        at = now if told.auth_time is None else min(now, told.auth_time)
        return await self._begin_session(visitor, account, FEDERATED, auth_time=at)

    async def _whose(self, visitor: Visitor, provider: Provider, told: Told) -> Account:
        """The account of this identity: linked before, linked now by its address, or made now. Raises `Untold`."""
        store = self._house.store
        identity = await store.find_identity(told.identity_hash)
        if identity is not None:
            account = await store.find_account(identity.account_id)
        else:
            same_address = await store.find_account_by_email(told.email) if told.email else None
            if same_address is not None and may_link(told, provider, same_address):
                account = same_address
                await self._link(visitor, provider, told, account.account_id, by="its address")
            elif same_address is None and provider.signs_up:
                account = await self._sign_up(visitor, provider, told)
            else:
                raise Untold("unknown", "no account is linked to this identity")
        if account is None or not account.is_enabled:
            raise Untold("disabled", "the account is disabled")
        return account

    async def _link(
        self, visitor: Visitor, provider: Provider, told: Told, account_id: str, *, by: str = "the person"
    ) -> None:
        store = self._house.store
        account = await store.find_account(account_id)
        if account is None or len(await store.identities(account_id)) >= MOST_IDENTITIES:
            raise Untold("disabled", "the account is gone, or has too many identities")
        known = await store.find_identity(told.identity_hash)
        if known is not None and known.account_id == account_id:
            return
        event = self._told(visitor, "account_changed", account_id, detail=f"linked to {provider.key} by {by}")
        try:
            await store.add_identity(self._identity(provider, told, account_id), events=(event,))
        except NameTaken:
            raise Untold("taken", "another account has this identity") from None
        await self._write_to(account)

    async def _sign_up(self, visitor: Visitor, provider: Provider, told: Told) -> Account:
        """Make the account. An address is taken over only from a provider whose addresses the operator trusts: else
        somebody could wait under another's address."""
        is_trusted = provider.links_by_email and told.is_email_verified
        account = Account(
            draw_id(),
            "",
            told.name[:60] or told.username[:60] or provider.name,
            "",
            self._house.now(),
            email=told.email if is_trusted else None,
            is_email_verified=is_trusted,
        )
        event = self._told(visitor, "account_added", account.account_id, detail=f"from {provider.key}")
        wanted = _name_of(told)
        for number in range(NAMES_TRIED):
            named = replace(account, username=wanted if number == 0 else f"{wanted[:30]}-{draw_id()[:4].lower()}")
            if await self._house.store.find_account_by_username(named.username) is not None:
                continue
            try:
                identity = self._identity(provider, told, account.account_id)
                await self._house.store.add_identity(identity, account=named, events=(event,))
            except NameTaken:
                continue
            return named
        raise Untold("unknown", "no user name is free for this identity")

    def _identity(self, provider: Provider, told: Told, account_id: str) -> Identity:
        return Identity(
            told.identity_hash,
            account_id,
            provider.key,
            told.issuer,
            told.subject,
            told.label,
            self._house.now(),
            self._house.now(),
        )

    async def unlink_provider(self, visitor: Visitor, link_id: str) -> Problem | None:
        fresh = await self._fresh(visitor)
        if isinstance(fresh, Problem):
            return fresh
        account = fresh[1]
        try:
            identity_hash = bytes.fromhex(link_id)
        except ValueError:
            return None
        told = self._told(visitor, "account_changed", account.account_id, detail="link to a provider removed")
        outcome = await self._house.store.remove_identity(account.account_id, identity_hash, events=(told,))
        if outcome == "removed":
            await self._write_to(account)
        return Problem("last") if outcome == "last" else None


def _name_of(told: Told) -> str:
    """A user name as people choose them here: never one with an @, which would stand for an address."""
    wanted = tidy_username(told.username.partition("@")[0] or told.email.partition("@")[0] or told.name)
    plain = re.sub(r"[^a-z0-9._-]+", "-", wanted).strip("-._")[:40]
    return plain if len(plain) >= 2 else "person"
