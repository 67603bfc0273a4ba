"""The desk's part for people: who is signed in, signing in with a password, signing out.

A wrong password costs the same whatever the reason, and is counted before it is checked.
"""

from server.desk.proofs import STEP_OF, Proofs
from server.oauth import guess
from server.oauth.account import Account, tidy_username
from server.oauth.email_address import tidy_email
from server.oauth.secret import digest
from web_verify.desk import Person, Problem, SecondStep, SignedIn, Visitor


class PeopleDesk(Proofs):
    """`web_verify.desk.PeopleDesk`."""

    async def person(self, visitor: Visitor) -> Person | None:
        signed_in = await self._signed_in(visitor)
        return Person(signed_in[1].username, signed_in[1].name) if signed_in else None

    async def sign_in(self, visitor: Visitor, username: str, password: str) -> SignedIn | SecondStep | Problem:
        account = await self._proven(visitor, tidy_username(username)[:200], password)
        if isinstance(account, Problem):
            return account
        totp = await self._house.store.find_totp(account.account_id)
        if totp is not None and totp.is_confirmed:
            step = STEP_OF + visitor.session
            await self._attempt(visitor, "second_step", step, account_id=account.account_id, was=account)
            return SecondStep()
        return await self._begin_session(visitor, account)

    async def _proven(self, visitor: Visitor, typed: str, password: str) -> Account | Problem:
        """Whose name and password these are.

        Tries are counted by the name as typed, which may be told, and by person: whoever was tried too often under
        another of their names has a wrong password, whatever it is. Saying more would tell a stranger that both names
        are one person's.
        """
        house, now = self._house, self._house.now()
        budgets = guess.password_budgets(house.limits, username=typed, address=visitor.address)
        wait = await house.store.take_tries(budgets, now)
        account = await self._find_account(typed)
        whose = account.account_id if account else ""
        if wait:
            self._refused(visitor, "too_many_tries", whose, "password")
            return Problem("too_many", wait)
        persons = guess.person_budgets(house.limits, account_id=whose, typed=typed, address=visitor.address)
        is_over = await house.store.take_tries(persons, now) > 0
        # An unknown name costs a hash too, so that the time taken tells nothing; so does one that is not looked at.
        password_hash = account.password_hash if account is not None and not is_over else None
        is_right = await self._passwords.is_right(password_hash, password)
        if is_over:
            self._refused(visitor, "too_many_tries", whose, "password, under several names")
        elif account is None or not is_right or not account.is_enabled:
            why = "no such name" if account is None else "disabled" if is_right else ""
            self._refused(visitor, "wrong_password", whose, why)
        else:
            await house.store.give_back_tries((*budgets, *persons))
            return account
        return Problem("wrong")

    async def sign_out(self, visitor: Visitor) -> None:
        session = await self._house.store.find_session(digest("session", visitor.session))
        if session is not None:
            await self._leave(visitor, session)

    async def _find_account(self, typed: str) -> Account | None:
        """Whom this name, or this address, means. Nobody chooses a user name with an @ on the pages, so that nobody can
        take the place of whoever has the address. As much is read for a stranger as for somebody known."""
        by_name = await self._house.store.find_account_by_username(typed)
        if "@" not in typed:
            return by_name
        return await self._house.store.find_account_by_email(tidy_email(typed)) or by_name
