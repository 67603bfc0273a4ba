"""The promises about links, deliveries and an account's own pages on a SQL database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from server.oauth.account import Account, Session
from server.oauth.delivery import Delivery
from server.oauth.event import Event
from server.oauth.link import Link, Purpose

from . import letters
from .kept import LINKS

if TYPE_CHECKING:
    from .group import Group


class SqlLetters:
    """A part of `sql.SqlStore`."""

    @property
    def group(self) -> "Group":
        raise NotImplementedError

    async def accounts(self) -> Sequence[Account]:
        return await self.group.ask(letters.accounts)

    async def find_account_by_email(self, email: str) -> Account | None:
        return await self.group.ask(lambda connection: letters.find_by_email(connection, email))

    async def sessions(self, account_id: str) -> Sequence[Session]:
        return await self.group.ask(lambda connection: letters.sessions(connection, account_id))

    async def use_session(self, session_hash: bytes, now: int) -> None:
        await self.group.do(lambda transaction: letters.use_session(transaction, session_hash, now))

    async def note_language(self, account_id: str, language: str) -> None:
        await self.group.do(lambda transaction: letters.note_language(transaction, account_id, language))

    async def end_sessions(self, account_id: str, *, but: bytes = b"", events: Sequence[Event] = ()) -> int:
        return await self.group.do(lambda transaction: letters.end_sessions(transaction, account_id, but, events))

    async def name_family(self, family_id: str, given_name: str) -> bool:
        return await self.group.do(lambda transaction: letters.name_family(transaction, family_id, given_name))

    async def add_link(self, link: Link) -> None:
        await self.group.do(lambda transaction: LINKS.add(transaction.connection, link))

    async def find_link(self, link_hash: bytes) -> Link | None:
        return await self.group.ask(lambda connection: LINKS.find(connection, link_hash))

    async def take_link(self, link_hash: bytes) -> Link | None:
        return await self.group.do(lambda transaction: letters.take_link(transaction, link_hash))

    async def forget_links(self, account_id: str, purpose: Purpose) -> None:
        await self.group.do(lambda transaction: letters.forget_links(transaction, account_id, purpose))

    async def owe(self, deliveries: Sequence[Delivery]) -> None:
        await self.group.do(lambda transaction: letters.owe(transaction, deliveries))

    async def claim_deliveries(self, now: int, most: int) -> Sequence[Delivery]:
        return await self.group.do(lambda transaction: letters.claim(transaction, now, most))

    async def postpone_delivery(self, delivery: Delivery) -> None:
        await self.group.do(lambda transaction: letters.postpone(transaction, delivery))

    async def settle_delivery(self, delivery_id: str) -> None:
        await self.group.do(lambda transaction: letters.settle(transaction, delivery_id))
