"""Links, deliveries and what an account's own pages change, in the memory of one process."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from server.oauth.account import Account, Session, tidy_username
from server.oauth.delivery import LEASE_FOR, Delivery
from server.oauth.event import Event
from server.oauth.link import Link, Purpose
from server.oauth.store import News
from server.oauth.token import Family

from .memory_people import MemoryPeople


class MemoryLetters(MemoryPeople):
    """A part of `memory.MemoryStore`."""

    def __init__(self) -> None:
        super().__init__()
        self._families: dict[str, Family] = {}
        self._links: dict[bytes, Link] = {}
        self._deliveries: dict[str, Delivery] = {}

    async def accounts(self) -> Sequence[Account]:
        return sorted(self._accounts.values(), key=lambda account: tidy_username(account.username))

    async def find_account_by_email(self, email: str) -> Account | None:
        return next((each for each in self._accounts.values() if each.email == email), None)

    async def sessions(self, account_id: str) -> Sequence[Session]:
        theirs = [each for each in self._sessions.values() if each.account_id == account_id]
        return sorted(theirs, key=lambda each: (-each.last_used_at, -each.auth_time, each.session_hash))

    async def use_session(self, session_hash: bytes, now: int) -> None:
        session = self._sessions.get(session_hash)
        if session is not None and session.last_used_at < now:
            self._sessions[session_hash] = replace(session, last_used_at=now)

    async def note_language(self, account_id: str, language: str) -> None:
        account = self._accounts.get(account_id)
        if account is not None:
            self._accounts[account_id] = replace(account, language=language)

    async def end_sessions(self, account_id: str, *, but: bytes = b"", events: Sequence[Event] = ()) -> int:
        doomed = [key for key, each in self._sessions.items() if each.account_id == account_id and key != but]
        for key in doomed:
            del self._sessions[key]
        if doomed:
            self._write(events)
        return len(doomed)

    async def name_family(self, family_id: str, given_name: str) -> bool:
        family = self._families.get(family_id)
        if family is not None:
            self._families[family_id] = replace(family, given_name=given_name)
        return family is not None

    async def add_link(self, link: Link) -> None:
        self._links[link.link_hash] = link

    async def find_link(self, link_hash: bytes) -> Link | None:
        return self._links.get(link_hash)

    async def take_link(self, link_hash: bytes) -> Link | None:
        return self._links.pop(link_hash, None)

    async def forget_links(self, account_id: str, purpose: Purpose) -> None:
        self._links = {
            key: each for key, each in self._links.items() if (each.account_id, each.purpose) != (account_id, purpose)
        }

    async def owe(self, deliveries: Sequence[Delivery]) -> None:
        self._owe(deliveries)

    def _owe(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            self._deliveries[each.delivery_id] = each
            self._tell(News("delivery", each.delivery_id, each))

    async def claim_deliveries(self, now: int, most: int) -> Sequence[Delivery]:
        due = sorted((each.due_at, key) for key, each in self._deliveries.items() if each.due_at <= now)
        claimed = [self._deliveries[key] for _, key in due[:most]]
        for each in claimed:
            self._deliveries[each.delivery_id] = replace(each, due_at=now + LEASE_FOR)
        return claimed

    async def postpone_delivery(self, delivery: Delivery) -> None:
        if delivery.delivery_id in self._deliveries:
            self._deliveries[delivery.delivery_id] = delivery

    async def settle_delivery(self, delivery_id: str) -> None:
        self._deliveries.pop(delivery_id, None)

    def _forget_letters(self, now: int, most: int) -> int:
        """Drop at most `most` links and deliveries that are over; how many went."""
        links = list(islice((key for key, each in self._links.items() if each.expires_at <= now), max(0, most)))
        for link_hash in links:
            del self._links[link_hash]
        left = max(0, most - len(links))
        late = list(islice((key for key, each in self._deliveries.items() if each.expires_at <= now), left))
        for delivery_id in late:
            del self._deliveries[delivery_id]
        return len(links) + len(late)
