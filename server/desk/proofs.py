"""What the parts of the desk share that prove who somebody is: attempts of one browser, and the proof of the moment."""

from typing import Final

from server.desk.sessions import Sessions
from server.desk.visits import SignedInAs
from server.oauth.account import Account
from server.oauth.delivery import owed
from server.oauth.factor import ATTEMPT_FOR, FRESH_FOR, Attempt, Errand
from server.oauth.secret import digest
from server.settings import DAY, SECOND
from web_verify.desk import Problem, Visitor

STEP_OF: Final = "second step\0"  # before the secret of the browser that owes the code
LONGEST_ERRAND: Final = 1_000


class Proofs(Sessions):
    """The ground of the parts of the desk that take proofs."""

    async def _fresh(self, visitor: Visitor) -> SignedInAs | Problem:
        """Who is signed in, within the last minutes: what stands between a phone left lying about and a lasting key."""
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return Problem("sign_in")
        age = self._house.now() - signed_in[0].auth_time
        return signed_in if 0 <= age <= FRESH_FOR else Problem("stale")

    async def _attempt(
        self,
        visitor: Visitor,
        errand: Errand,
        secret: str,
        *,
        account_id: str = "",
        provider: str = "",
        came_for: str = "",
        needs_fresh: bool = False,
        was: Account | None = None,
    ) -> None:
        """Begin one in this browser, known by `secret`. With `was`, the account as it proved its password, it is over
        once that is another one."""
        now = self._house.now()
        attempt = Attempt(
            digest("attempt", secret),
            errand,
            now,
            now + ATTEMPT_FOR[errand],
            _mark(visitor, was),
            account_id,
            provider,
            came_for[:LONGEST_ERRAND],
            needs_fresh,
        )
        await self._house.store.add_attempt(attempt)

    async def _finished(
        self, visitor: Visitor, secret: str, *errands: Errand, was: Account | None = None
    ) -> Attempt | None:
        """Take the attempt of this secret, when it is one of these, of this browser, and not too old."""
        attempt = await self._house.store.take_attempt(digest("attempt", secret))
        return attempt if attempt is not None and self._is_mine(visitor, attempt, *errands, was=was) else None

    def _is_mine(self, visitor: Visitor, attempt: Attempt, *errands: Errand, was: Account | None = None) -> bool:
        return attempt.is_live(self._house.now(), _mark(visitor, was), *errands)

    def _share(self, visitor: Visitor) -> Problem | None:
        """What anybody may begin is bounded for each network."""
        wait = self._house.requests.take(visitor.address, self._house.now())
        return Problem("too_many", wait) if wait else None

    async def _write_to(self, account: Account) -> None:
        """Tell the person by mail that the ways into their account changed; at this address of the account."""
        house = self._house
        if house.settings.smtp_url and account.email:
            mail = owed("ways", account.email, house.now(), account_id=account.account_id, lasts_for=DAY * SECOND)
            await house.store.owe([mail])


def _mark(visitor: Visitor, was: Account | None) -> bytes:
    """What a browser is known by, together with the password that was proven in it."""
    return digest("browser", visitor.session if was is None else f"{visitor.session}\0{was.password_hash}")
