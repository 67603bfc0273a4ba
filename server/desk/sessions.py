"""What several parts of the desk do with sessions: begin one, end them all, with what was begun in them."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from server.desk.browser import browser_name
from server.desk.passwords import Passwords
from server.desk.visits import Visits
from server.house import House
from server.oauth.account import Account, Session, is_still
from server.oauth.authentication import PASSWORD
from server.oauth.delivery import owed
from server.oauth.logout import ends_with_session, owed_to
from server.oauth.password import Fault
from server.oauth.secret import digest, draw, draw_id
from server.oauth.token import Family
from server.settings import DAY, SECOND
from web_verify.desk import Person, Problem, SignedIn, Visitor

CLOSE_WITHIN: Final = 2.0  # seconds


class Sessions(Visits):
    """The ground of the parts of the desk that sign people in and out."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        chosen = house.settings
        self._passwords = Passwords(shortest=chosen.shortest_password, breached=chosen.breached_passwords)

    async def _begin_session(
        self, visitor: Visitor, account: Account, amr: tuple[str, ...] = PASSWORD, *, auth_time: int | None = None
    ) -> SignedIn | Problem:
        """Sign this person in, under a new secret (no session fixation); the visitor's old session ends.

        Whoever signs in once more in the same browser keeps its session's id. `auth_time`: when the person proved who
        they are, if that was not now. A `Problem`: the account was closed, or has another password, since it was
        read; whoever changed it ends all sessions there are, so that this one, a moment later, ends here.
        """
        house, now, secret = self._house, self._house.now(), draw()
        before = await house.store.find_session(digest("session", visitor.session)) if visitor.session else None
        is_same = before is not None and before.account_id == account.account_id and before.session_id != ""
        session = Session(
            digest("session", secret),
            account.account_id,
            now if auth_time is None else auth_time,
            now + house.settings.session_for * SECOND,
            amr,
            session_id=before.session_id if before is not None and is_same else draw_id(),
            last_used_at=now,
            browser=browser_name(visitor.browser),
            address=visitor.address,
        )
        if before is not None and is_same:
            await house.store.end_session(before.session_hash)
        elif before is not None:
            await self._leave(visitor, before)  # somebody else takes this browser over
        told = self._told(visitor, "signed_in", account.account_id, detail=" ".join(amr))
        await house.store.add_session(session, events=(told,))
        if not is_still(await house.store.find_account(account.account_id), account):
            await house.store.end_session(session.session_hash, events=(replace(told, what="signed_out"),))
            return Problem("wrong")
        return SignedIn(secret, Person(account.username, account.name))

    async def _password_fault(self, account: Account, password: str) -> Fault | None:
        local = (account.email or "").partition("@")[0]
        return await self._passwords.fault(
            password, (account.username, account.name, local, self._house.settings.service_name)
        )

    async def _change_password(
        self, visitor: Visitor, changed: Account, was: Account, *, with_devices: bool, but: bytes = b""
    ) -> None:
        """Write the new password; raises `Outdated` when the account is not as it `was`.

        Every session but one ends, with the apps that were opened in it; then the devices, when asked. Links to choose
        yet another one stop to work, and the person is told by mail.
        """
        house, account_id = self._house, changed.account_id
        told = self._told(visitor, "account_changed", account_id, detail="password")
        await house.store.change_account(changed, was=was, events=(told,))
        await house.store.forget_links(account_id, "reset")
        await self._end_browsers(visitor, account_id, "password changed", but)
        if with_devices:
            await self._end_families(visitor, account_id, "password changed")
        if house.settings.smtp_url and changed.email:
            mail = owed("changed", changed.email, house.now(), account_id=account_id, lasts_for=DAY * SECOND)
            await house.store.owe([mail])

    async def _leave(self, visitor: Visitor, session: Session) -> None:
        """Sign out of one browser. What was begun in it ends as the law says, and the apps are told, in the background;
        the session itself goes last, so that whoever was interrupted signs out once more."""
        now, store = self._house.now(), self._house.store
        families = await store.families(session.account_id) if session.session_id else ()
        for family in (each for each in families if each.session_id == session.session_id and each.is_live(now)):
            if ends_with_session(family):
                told = self._told(visitor, "revoked", session.account_id, detail="signed out of the browser")
                await store.end_family(family.family_id, now, event=told)
            else:
                staying = owed_to(await self._house.clients.find(family.client_id), family, now)
                await store.owe([staying] if staying is not None else [])
        told = self._told(visitor, "signed_out", session.account_id)
        await store.end_session(session.session_hash, events=(told,))

    async def _end_browsers(self, visitor: Visitor, account_id: str, why: str, but: bytes = b"") -> None:
        """End all sessions but one, and what apps got in them."""
        told = self._told(visitor, "signed_out", account_id, detail=why)
        sessions = await self._house.store.sessions(account_id)
        await self._house.store.end_sessions(account_id, but=but, events=(told,))
        gone = {each.session_id for each in sessions if each.session_hash != but and each.session_id}
        await self._end_families(visitor, account_id, why, gone)

    async def _end_families(
        self, visitor: Visitor, account_id: str, why: str, begun_in: Collection[str] | None = None
    ) -> None:
        """End what this person signed in: all of it, or what was begun in these sessions."""
        now = self._house.now()
        for family in await self._house.store.families(account_id):
            if family.is_live(now) and (begun_in is None or family.session_id in begun_in):
                told = self._told(visitor, "revoked", account_id, detail=why)
                await self._house.store.end_family(family.family_id, now, event=told)
                await self._disconnected(family)

    async def _disconnected(self, family: Family) -> bool:
        """Return when the device's MQTT session, if this server holds one, is closed; False when that took too long."""
        sessions = self._house.sessions
        if sessions is None:
            return not self._house.settings.is_shared_storage
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await sessions.close(family.family_id, family.device_id)
        except TimeoutError:
            return False
        return not self._house.settings.is_shared_storage
