"""The desk's part for a person's own account: password, address, browsers, and the link in a notice.

A change that a thief would make asks for the password once more, whatever the session says (OWASP ASVS 5.0, 7.5).
"""

from dataclasses import replace

from server.desk.proofs import Proofs
from server.desk.ways import ways_of
from server.oauth import guess
from server.oauth.account import Account
from server.oauth.delivery import owed
from server.oauth.email_address import tidy_email
from server.oauth.link import LASTS_FOR, Link
from server.oauth.secret import digest
from server.oauth.store import NameTaken, Outdated
from server.oauth.token import Family
from web_verify.desk import Browser, Factor, Fault, NewDevice, OwnAccount, Problem, SignedIn, Visitor


class AccountDesk(Proofs):
    """`web_verify.desk.AccountDesk` and `web_verify.desk.NoticeDesk`."""

    async def account(self, visitor: Visitor) -> OwnAccount | None:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return None
        here, account = signed_in
        browsers = tuple(
            Browser(
                session_id=each.session_id,
                name=each.browser,
                address=each.address,
                signed_in_at=each.auth_time,
                last_used_at=max(each.last_used_at, each.auth_time),
                is_here=each.session_hash == here.session_hash,
            )
            for each in await self._house.store.sessions(account.account_id)
            if each.is_live(self._house.now())
        )
        factors = (Factor("password"),) if account.password_hash else ()
        ways = await ways_of(self._house, account.account_id)
        email = account.email
        return OwnAccount(account.username, account.name, email, account.is_email_verified, factors, browsers, ways)

    async def change_password(
        self, visitor: Visitor, current: str, password: str, *, with_devices: bool
    ) -> SignedIn | Fault | Problem:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return Problem("sign_in")
        account = signed_in[1]
        if refusal := await self._prove(visitor, account, current):
            return refusal
        if why := await self._password_fault(account, password):
            return Fault("password", why)
        changed = replace(account, password_hash=await self._passwords.hash(password))
        try:
            await self._change_password(
                visitor, changed, account, with_devices=with_devices, but=signed_in[0].session_hash
            )
        except Outdated:  # somebody else changed it while this one was hashed
            return Problem("sign_in")
        return await self._begin_session(visitor, changed)

    async def ask_for_email(self, visitor: Visitor, current: str, email: str) -> Fault | Problem | None:
        house, signed_in = self._house, await self._signed_in(visitor)
        if signed_in is None:
            return Problem("sign_in")
        account, tidy = signed_in[1], tidy_email(email)
        if not house.settings.smtp_url:
            return Problem("blocked")
        if not tidy:
            return Fault("email", "shape" if email.strip() else "empty")
        if refusal := await self._prove(visitor, account, current):
            return refusal
        budgets = guess.mail_budgets(tidy, visitor.address, house.settings.mails_per_network)
        if wait := await house.store.take_tries(budgets, house.now()):
            return Problem("too_many", wait)
        mail = owed("email", tidy, house.now(), account_id=account.account_id, lasts_for=LASTS_FOR["email"])
        await house.store.owe([mail])
        return None

    async def asked_email(self, visitor: Visitor, token: str) -> str | None:
        found = await self._email_link(visitor, token)
        return found[0].email if found is not None else None

    async def confirm_email(self, visitor: Visitor, token: str) -> bool:
        found = await self._email_link(visitor, token)
        if found is None or await self._house.store.take_link(found[0].link_hash) is None:
            return False
        link, account = found
        told = self._told(visitor, "account_changed", account.account_id, detail="email address")
        changed = replace(account, email=link.email, is_email_verified=True)
        try:
            await self._house.store.change_account(changed, was=account, events=(told,))
        except Outdated:
            return False
        except NameTaken:  # somebody else has it: whoever reads its mail was told so by a mail at sign-up
            return False
        await self._house.store.forget_links(account.account_id, "reset")
        await self._write_to(account)  # at the address of before: nobody loses it without a word
        return True

    async def _email_link(self, visitor: Visitor, token: str) -> tuple[Link, Account] | None:
        signed_in = await self._signed_in(visitor)
        link = await self._house.store.find_link(digest("link", token))
        if signed_in is None or link is None or link.account_id != signed_in[1].account_id:
            return None
        return (link, signed_in[1]) if link.is_live(self._house.now(), "email") else None

    async def sign_out_browser(self, visitor: Visitor, session_id: str) -> bool:
        signed_in = await self._signed_in(visitor)
        if signed_in is None or not session_id:
            return False
        sessions = await self._house.store.sessions(signed_in[1].account_id)
        theirs = [each for each in sessions if each.session_id == session_id]
        for each in theirs:
            told = self._told(visitor, "signed_out", each.account_id, detail="from the list of browsers")
            await self._house.store.end_session(each.session_hash, events=(told,))
            await self._end_families(visitor, each.account_id, "browser signed out", {each.session_id})
        return bool(theirs)

    async def sign_out_everywhere(self, visitor: Visitor, *, with_devices: bool) -> None:
        signed_in = await self._signed_in(visitor)
        if signed_in is not None:
            await self._end_browsers(visitor, signed_in[1].account_id, "signed out everywhere")
            if with_devices:
                await self._end_families(visitor, signed_in[1].account_id, "signed out everywhere")

    async def noticed(self, token: str) -> NewDevice | None:
        found = await self._notice(token)
        return await self._new_device(found[1]) if found is not None else None

    async def sign_out_noticed(self, visitor: Visitor, token: str) -> NewDevice | None:
        found = await self._notice(token)
        if found is None:
            return None
        family = found[1]
        told = replace(
            self._told(visitor, "revoked", family.account_id, detail="by the notice's link"), actor="stranger"
        )
        ended = await self._house.store.end_family(family.family_id, self._house.now(), event=told)
        await self._disconnected(family)
        return await self._new_device(ended or family)

    async def _notice(self, token: str) -> tuple[Link, Family] | None:
        """The link stays good for its week, so that a second tap says again that it is done."""
        link = await self._house.store.find_link(digest("link", token))
        if link is None or not link.is_live(self._house.now(), "device"):
            return None
        family = await self._house.store.find_family(link.family_id)
        return (link, family) if family is not None else None

    async def _new_device(self, family: Family) -> NewDevice:
        client = await self._house.clients.find(family.client_id)
        app_name = client.name if client else family.client_id
        return NewDevice(app_name, family.claimed_name, family.created_at, family.address, family.ended_at)

    async def _prove(self, visitor: Visitor, account: Account, current: str) -> Fault | Problem | None:
        """None when this is the account's password now; a wrong one costs what a wrong sign-in costs.

        Whoever has no password signs in once more instead."""
        house = self._house
        if not account.password_hash:
            fresh = await self._fresh(visitor)
            return fresh if isinstance(fresh, Problem) else None
        name, address, whose = account.username, visitor.address, account.account_id
        budgets = (
            *guess.password_budgets(house.limits, username=name, address=address),
            *guess.person_budgets(house.limits, account_id=whose, typed=name, address=address),
        )
        if wait := await house.store.take_tries(budgets, house.now()):
            self._refused(visitor, "too_many_tries", account.account_id, "password")
            return Problem("too_many", wait)
        if not await self._passwords.is_right(account.password_hash, current):
            self._refused(visitor, "wrong_password", account.account_id)
            return Fault("current", "wrong" if current else "empty")
        await house.store.give_back_tries(budgets)
        return None
