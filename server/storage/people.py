"""Jobs and queries about clients, accounts and their sessions, and the keys of the mint."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete

from server.oauth.account import Account, Session, is_still, tidy_username
from server.oauth.client import Client
from server.oauth.event import Event
from server.oauth.store import News, Outdated, SigningKey

from .kept import ACCOUNTS, CLIENTS, SESSIONS, SIGNING_KEYS
from .writer import Refused, Transaction

_CLIENTS: Final = CLIENTS.select.order_by(CLIENTS.table.c.client_id)
_KEYS: Final = SIGNING_KEYS.select.order_by(SIGNING_KEYS.table.c.created_at, SIGNING_KEYS.table.c.key_id)
_BY_USERNAME: Final = ACCOUNTS.select.where(ACCOUNTS.table.c.tidy_username == bindparam("sought"))
_END_SESSION: Final = delete(SESSIONS.table).where(SESSIONS.table.c.session_hash == bindparam("sought"))


def add_client(transaction: Transaction, client: Client, events: Sequence[Event]) -> None:
    CLIENTS.add(transaction.connection, client)
    transaction.news.append(News("client", client.client_id, client))
    transaction.events.extend(events)


def change_client(transaction: Transaction, client: Client, events: Sequence[Event]) -> None:
    _found(CLIENTS.replace(transaction.connection, client), f"client {client.client_id}")
    transaction.news.append(News("client", client.client_id, client))
    transaction.events.extend(events)


def clients(connection: Connection) -> list[Client]:
    return CLIENTS.every(connection, _CLIENTS)


def add_account(transaction: Transaction, account: Account, events: Sequence[Event]) -> None:
    ACCOUNTS.add(transaction.connection, account, tidy_username=tidy_username(account.username))
    transaction.news.append(News("account", account.account_id, account))
    transaction.events.extend(events)


def change_account(transaction: Transaction, account: Account, was: Account | None, events: Sequence[Event]) -> None:
    if was is not None and not is_still(ACCOUNTS.lock(transaction.connection, account.account_id), was):
        raise Refused(Outdated())
    tidy = tidy_username(account.username)
    _found(ACCOUNTS.replace(transaction.connection, account, tidy_username=tidy), f"account {account.account_id}")
    transaction.news.append(News("account", account.account_id, account))
    transaction.events.extend(events)


def find_account_by_username(connection: Connection, username: str) -> Account | None:
    return ACCOUNTS.first(connection, _BY_USERNAME, sought=tidy_username(username))


def add_session(transaction: Transaction, session: Session, events: Sequence[Event]) -> None:
    SESSIONS.add(transaction.connection, session)
    transaction.events.extend(events)


def end_session(transaction: Transaction, session_hash: bytes, events: Sequence[Event]) -> None:
    if transaction.connection.execute(_END_SESSION, {"sought": session_hash}).rowcount:
        transaction.events.extend(events)


def keys(connection: Connection) -> list[SigningKey]:
    return SIGNING_KEYS.every(connection, _KEYS)


def add_key(transaction: Transaction, key: SigningKey, events: Sequence[Event]) -> None:
    SIGNING_KEYS.add(transaction.connection, key)
    transaction.news.append(News("key", key.key_id, key))
    transaction.events.extend(events)


def change_key(transaction: Transaction, key: SigningKey, events: Sequence[Event]) -> None:
    _found(SIGNING_KEYS.replace(transaction.connection, key), f"key {key.key_id}")
    transaction.news.append(News("key", key.key_id, key))
    transaction.events.extend(events)


def _found(is_there: bool, name: str) -> None:
    if not is_there:
        raise Refused(LookupError(f"there is no {name}"))
