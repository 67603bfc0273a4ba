"""What every part of the desk knows: the house, and who is signed in in a visitor's browser."""

from collections.abc import Sequence

from server.house import House
from server.oauth.account import Account, Session
from server.oauth.secret import digest
from web_verify.desk import ScopeText, Visitor

SignedInAs = tuple[Session, Account]


class Visits:
    """The ground of a part of the desk."""

    def __init__(self, house: House) -> None:
        self._house = house

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self._house.now()

    async def _signed_in(self, visitor: Visitor) -> SignedInAs | None:
        if not visitor.session:
            return None
        session = await self._house.store.find_session(digest("session", visitor.session))
        if session is None or not session.is_live(self._house.now()):
            return None
        account = await self._house.store.find_account(session.account_id)
        return (session, account) if account is not None and account.is_enabled else None

    def _sentences(self, scopes: Sequence[str]) -> tuple[ScopeText, ...]:
        return tuple(ScopeText(each, self._house.settings.scopes.get(each, each)) for each in scopes)
