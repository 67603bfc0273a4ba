"""What every part of the desk knows: the house, and who is signed in in a visitor's browser."""

from collections.abc import Sequence
from dataclasses import replace

from server.house import House
from server.oauth.account import USED_EVERY, Account, Session
from server.oauth.event import Actor, Event, Origin, What, happened
from server.oauth.secret import digest
from server.settings import SCOPES
from web_verify.desk import ScopeText, Visitor
from web_verify.words import say, spoken

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
        now = self._house.now()
        if session is None or not session.is_live(now):
            return None
        if now - session.last_used_at >= USED_EVERY:
            self._house.do_later(self._house.store.use_session(session.session_hash, now))
        account = await self._house.store.find_account(session.account_id)
        if account is None or not account.is_enabled:
            return None
        if not account.language or now - session.last_used_at >= USED_EVERY:
            self._note_language(account)
        return session, account

    def _note_language(self, account: Account) -> None:
        """What is sent to this person speaks the language that they were last answered in."""
        language = spoken().tag
        if language != account.language:
            self._house.do_later(self._house.store.note_language(account.account_id, language))

    def _told(self, visitor: Visitor, what: What, account_id: str = "", client_id: str = "", detail: str = "") -> Event:
        """An event of what this visitor did: the person of this account, or a stranger."""
        actor: Actor = "person" if account_id else "stranger"
        origin = Origin(visitor.address, visitor.request_id)
        return happened(
            what, actor, self._house.now(), origin, account_id=account_id, client_id=client_id, detail=detail
        )

    def _refused(self, visitor: Visitor, what: What, account_id: str = "", detail: str = "") -> None:
        """Note what this visitor was refused; whoever it was, it is not proven to be the person of the account."""
        self._house.refusals.note(replace(self._told(visitor, what, account_id, detail=detail), actor="stranger"))

    def _sentences(self, scopes: Sequence[str]) -> tuple[ScopeText, ...]:
        """In the language that is spoken: the operator's own words, or the catalogue's for those built in."""
        settings, language = self._house.settings, spoken().tag
        theirs = settings.scopes_in.get(language, {})
        known = settings.scopes
        return tuple(ScopeText(each, theirs.get(each) or _built_in(each, known.get(each, each))) for each in scopes)


def _built_in(scope: str, sentence: str) -> str:
    """The translation of our own sentence; an operator's stays as it is."""
    return str(say(f"scope.{scope}")) if SCOPES.get(scope) == sentence else sentence
