"""Clients, accounts, sessions and keys in the memory of one process, and the ground that the memory store stands on."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from server.oauth.account import Account, Session, is_still, tidy_username
from server.oauth.client import Client
from server.oauth.event import Event
from server.oauth.store import NameTaken, News, Outdated, SigningKey

from .memory_audit import MemoryAudit

K = TypeVar("K")
V = TypeVar("V")
_log = logging.getLogger(__name__)


def found(things: Mapping[K, V], key: K) -> V:
    """What is kept under the key; raises `LookupError` when nothing is."""
    if key not in things:
        raise LookupError(f"there is no {key}")
    return things[key]


class Told:
    """Who is told the news."""

    def __init__(self) -> None:
        self._hear: Callable[[News], None] | None = None

    async def open(self, hear: Callable[[News], None]) -> None:
        self._hear = hear

    async def close(self) -> None:
        self._hear = None

    def _tell(self, news: News) -> None:
        try:
            if self._hear is not None:
                self._hear(news)
        except Exception:
            _log.exception("news of %s could not be heard", news.subject)


class MemoryPeople(MemoryAudit, Told):
    """The part of the store that changes seldom."""

    def __init__(self) -> None:
        super().__init__()
        self._clients: dict[str, Client] = {}
        self._accounts: dict[str, Account] = {}
        self._usernames: dict[str, str] = {}
        self._sessions: dict[bytes, Session] = {}
        self._keys: dict[str, SigningKey] = {}

    # Clients, accounts, sessions

    async def add_client(self, client: Client, *, events: Sequence[Event] = ()) -> None:
        if client.client_id in self._clients:
            raise NameTaken
        self._clients[client.client_id] = client
        self._write(events)
        self._tell(News("client", client.client_id, client))

    async def change_client(self, client: Client, *, events: Sequence[Event] = ()) -> None:
        found(self._clients, client.client_id)
        self._clients[client.client_id] = client
        self._write(events)
        self._tell(News("client", client.client_id, client))

    async def find_client(self, client_id: str) -> Client | None:
        return self._clients.get(client_id)

    async def clients(self) -> Sequence[Client]:
        return [self._clients[client_id] for client_id in sorted(self._clients)]

    async def add_account(self, account: Account, *, events: Sequence[Event] = ()) -> None:
        if account.account_id in self._accounts:
            raise NameTaken
        self._keep_account(account)
        self._write(events)

    async def change_account(
        self, account: Account, *, was: Account | None = None, events: Sequence[Event] = ()
    ) -> None:
        before = found(self._accounts, account.account_id)
        if was is not None and not is_still(before, was):
            raise Outdated
        self._keep_account(account, tidy_username(before.username))
        self._write(events)

    def _keep_account(self, account: Account, old_name: str | None = None) -> None:
        name = tidy_username(account.username)
        if self._usernames.get(name, account.account_id) != account.account_id:
            raise NameTaken
        others = (each.email for key, each in self._accounts.items() if key != account.account_id)
        if account.email is not None and account.email in others:
            raise NameTaken
        if old_name is not None:
            del self._usernames[old_name]
        self._usernames[name] = account.account_id
        self._accounts[account.account_id] = account
        self._tell(News("account", account.account_id, account))

    async def find_account(self, account_id: str) -> Account | None:
        return self._accounts.get(account_id)

    async def find_account_by_username(self, username: str) -> Account | None:
        account_id = self._usernames.get(tidy_username(username))
        return None if account_id is None else self._accounts[account_id]

    async def add_session(self, session: Session, *, events: Sequence[Event] = ()) -> None:
        self._sessions[session.session_hash] = session
        self._write(events)

    async def find_session(self, session_hash: bytes) -> Session | None:
        return self._sessions.get(session_hash)

    async def end_session(self, session_hash: bytes, *, events: Sequence[Event] = ()) -> None:
        if self._sessions.pop(session_hash, None) is not None:
            self._write(events)

    # Keys

    async def keys(self) -> Sequence[SigningKey]:
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.key_id))

    async def add_key(self, key: SigningKey, *, events: Sequence[Event] = ()) -> None:
        self._keys[key.key_id] = key
        self._write(events)
        self._tell(News("key", key.key_id, key))

    async def change_key(self, key: SigningKey, *, events: Sequence[Event] = ()) -> None:
        found(self._keys, key.key_id)
        await self.add_key(key, events=events)
