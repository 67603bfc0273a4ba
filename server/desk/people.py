"""The desk's part for people: who is signed in, signing in with a password, signing out.

A wrong password costs the same whatever the reason, and is counted before it is checked.
"""

from server.desk.passwords import Passwords
from server.desk.visits import Visits
from server.house import House
from server.oauth import guess
from server.oauth.account import Session, tidy_username
from server.oauth.secret import digest, draw
from server.settings import SECOND
from web_verify.desk import Person, Problem, SignedIn, Visitor


class PeopleDesk(Visits):
    """`web_verify.desk.PeopleDesk`."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._passwords = Passwords()

    async def person(self, visitor: Visitor) -> Person | None:
        signed_in = await self._signed_in(visitor)
        return Person(signed_in[1].username, signed_in[1].name) if signed_in else None

    async def sign_in(self, visitor: Visitor, username: str, password: str) -> SignedIn | Problem:
        house, now = self._house, self._house.now()
        typed = tidy_username(username)[:200]
        budgets = guess.password_budgets(house.limits, username=typed, address=visitor.address)
        wait = await house.store.take_tries(budgets, now)
        account = await house.store.find_account_by_username(typed)
        whose = account.account_id if account else ""
        if wait:
            self._refused(visitor, "too_many_tries", whose, "password")
            return Problem("too_many", wait)
        # An unknown name costs a hash too, so that the time taken tells nothing.
        is_right = await self._passwords.is_right(account.password_hash if account else None, password)
        if account is None or not is_right or not account.is_enabled:
            why = "no such name" if account is None else "disabled" if is_right else ""
            self._refused(visitor, "wrong_password", whose, why)
            return Problem("wrong")
        await house.store.give_back_tries(budgets)
        await house.store.end_session(digest("session", visitor.session))
        secret = draw()
        expires_at = now + house.settings.session_for * SECOND
        session = Session(digest("session", secret), account.account_id, now, expires_at)
        told = self._told(visitor, "signed_in", account.account_id, detail=" ".join(session.amr))
        await house.store.add_session(session, events=(told,))
        return SignedIn(secret, Person(account.username, account.name))

    async def sign_out(self, visitor: Visitor) -> None:
        session = await self._house.store.find_session(digest("session", visitor.session))
        if session is not None:
            told = self._told(visitor, "signed_out", session.account_id)
            await self._house.store.end_session(session.session_hash, events=(told,))
