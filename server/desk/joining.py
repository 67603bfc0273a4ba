"""The desk's part for making an account and for a forgotten password: a link that works once, sent by mail.

What is answered, and what is done before it is answered, is the same for every address: the mail is owed to the address
alone, and only whoever brings it looks whether an account has it (OWASP Forgot Password Cheat Sheet).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from server.desk.sessions import Sessions
from server.oauth import guess
from server.oauth.account import Account, tidy_username
from server.oauth.delivery import owed
from server.oauth.email_address import tidy_email
from server.oauth.link import LASTS_FOR, Link, Purpose
from server.oauth.secret import digest, draw_id
from server.oauth.store import NameTaken, Outdated
from web_verify.desk import Fault, Problem, SignedIn, Visitor
from web_verify.words import spoken

# No @, so that a name is never somebody's address; no space, so that two names cannot look the same by one.
_USERNAME: Final = re.compile(r"[\w.-]{2,40}")
LONGEST_NAME: Final = 60


class JoinDesk(Sessions):
    """`web_verify.desk.JoinDesk` and `web_verify.desk.ResetDesk`."""

    async def ask_to_join(self, visitor: Visitor, email: str) -> Fault | Problem | None:
        if self._house.settings.registration != "open":
            return Problem("blocked")
        return await self._ask(visitor, "sign_up", email)

    async def ask_to_reset(self, visitor: Visitor, email: str) -> Fault | Problem | None:
        return await self._ask(visitor, "reset", email)

    async def _ask(self, visitor: Visitor, kind: Purpose, typed: str) -> Fault | Problem | None:
        house, now, email = self._house, self._house.now(), tidy_email(typed)
        if not house.settings.smtp_url:
            return Problem("blocked")
        if not email:
            return Fault("email", "shape" if typed.strip() else "empty")
        budgets = guess.mail_budgets(email, visitor.address, house.settings.mails_per_network)
        if wait := await house.store.take_tries(budgets, now):
            return Problem("too_many", wait)
        await house.store.owe([owed(kind, email, now, lasts_for=LASTS_FOR[kind], language=spoken().tag)])
        return None

    async def invited(self, token: str) -> str | None:
        link = await self._join_link(token)
        return link.email if link is not None else None

    async def join(
        self, visitor: Visitor, token: str, *, username: str, name: str, password: str
    ) -> SignedIn | Problem | Sequence[Fault]:
        house, link = self._house, await self._join_link(token)
        if link is None:
            return Problem("expired")
        shown = " ".join(name.split()) or username.strip()
        faults = self._name_faults(username, shown)
        names = (username, shown, link.email.partition("@")[0], house.settings.service_name)
        if why := await self._passwords.fault(password, names):
            faults.append(Fault("password", why))
        if not faults and await house.store.find_account_by_username(username) is not None:
            faults.append(Fault("username", "taken"))
        if faults:
            return faults
        password_hash = await self._passwords.hash(password)
        account = Account(draw_id(), tidy_username(username), shown, password_hash, house.now())
        if link.email:
            account = replace(account, email=link.email, is_email_verified=link.is_mailed)
        if await house.store.take_link(link.link_hash) is None:
            return Problem("expired")
        told = self._told(visitor, "account_added", account.account_id, detail=link.purpose)
        try:
            await house.store.add_account(account, events=(told,))
        except NameTaken:  # in this very moment; or the address has an account by now
            is_ours = await house.store.find_account_by_email(link.email) if link.email else None
            if is_ours is not None:
                return Problem("used")
            await house.store.add_link(link)
            return [Fault("username", "taken")]
        return await self._begin_session(visitor, account)

    async def resetting(self, token: str) -> str | None:
        found = await self._reset_link(token)
        return found[1].username if found is not None else None

    async def reset(self, visitor: Visitor, token: str, password: str, *, with_devices: bool) -> Fault | Problem | None:
        house, found = self._house, await self._reset_link(token)
        if found is None:
            return Problem("expired")
        link, account = found
        if why := await self._password_fault(account, password):
            return Fault("password", why)
        password_hash = await self._passwords.hash(password)
        if await house.store.take_link(link.link_hash) is None:
            return Problem("expired")
        is_verified = account.is_email_verified or link.is_mailed
        changed = replace(account, password_hash=password_hash, is_email_verified=is_verified)
        try:
            await self._change_password(visitor, changed, account, with_devices=with_devices)
        except Outdated:  # closed, or changed by somebody else, while this one was hashed
            return Problem("expired")
        return None

    async def _join_link(self, token: str) -> Link | None:
        link, registration = await self._house.store.find_link(digest("link", token)), self._house.settings.registration
        purposes: tuple[Purpose, ...] = ("invitation", "sign_up") if registration == "open" else ("invitation",)
        if link is None or registration == "off" or not link.is_live(self._house.now(), *purposes):
            return None
        return link

    async def _reset_link(self, token: str) -> tuple[Link, Account] | None:
        store = self._house.store
        link = await store.find_link(digest("link", token))
        if link is None or not link.is_live(self._house.now(), "reset"):
            return None
        account = await store.find_account(link.account_id)
        # A link that was sent to an address which is no longer theirs opens nothing.
        if account is None or not account.is_enabled or link.email not in ("", account.email):
            return None
        return link, account

    def _name_faults(self, username: str, shown: str) -> list[Fault]:
        faults = []
        typed = tidy_username(unicodedata.normalize("NFKC", username))
        if not typed:
            faults.append(Fault("username", "empty"))
        elif _USERNAME.fullmatch(typed) is None or typed != tidy_username(username):
            faults.append(Fault("username", "shape"))
        if len(shown) > LONGEST_NAME or not shown.isprintable():
            faults.append(Fault("name", "shape"))
        return faults
