"""Jobs and queries about links that work once, what is owed, and what an account's own pages change."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, delete, update

from server.oauth.account import Account, Session
from server.oauth.delivery import LEASE_FOR, Delivery
from server.oauth.event import Event
from server.oauth.link import Link, Purpose
from server.oauth.store import News

from .kept import ACCOUNTS, DELIVERIES, FAMILIES, LINKS, SESSIONS
from .writer import Transaction

_S: Final = SESSIONS.table.c
_D: Final = DELIVERIES.table.c
_BY_NAME: Final = ACCOUNTS.select.order_by(ACCOUNTS.table.c.tidy_username)
_BY_EMAIL: Final = ACCOUNTS.select.where(ACCOUNTS.table.c.email == bindparam("sought"))
_SESSIONS_OF: Final = SESSIONS.select.where(_S.account_id == bindparam("sought")).order_by(
    _S.last_used_at.desc(), _S.auth_time.desc(), _S.session_hash
)
_USE: Final = update(SESSIONS.table).where(_S.session_hash == bindparam("sought"), _S.last_used_at < bindparam("now"))
_END_ALL: Final = delete(SESSIONS.table).where(
    _S.account_id == bindparam("sought"), _S.session_hash != bindparam("but")
)
_SPEAK: Final = update(ACCOUNTS.table).where(ACCOUNTS.table.c.account_id == bindparam("sought"))
_TAKE: Final = LINKS.select.where(LINKS.table.c.link_hash == bindparam("sought")).with_for_update()
_DROP: Final = delete(LINKS.table).where(LINKS.table.c.link_hash == bindparam("sought"))
_FORGET: Final = delete(LINKS.table).where(
    LINKS.table.c.account_id == bindparam("sought"), LINKS.table.c.purpose == bindparam("purpose_sought")
)
_DUE: Final = (
    DELIVERIES.select.where(_D.due_at <= bindparam("now"))
    .order_by(_D.due_at, _D.delivery_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_SETTLE: Final = delete(DELIVERIES.table).where(_D.delivery_id == bindparam("sought"))


def accounts(connection: Connection) -> list[Account]:
    return ACCOUNTS.every(connection, _BY_NAME)


def find_by_email(connection: Connection, email: str) -> Account | None:
    return ACCOUNTS.first(connection, _BY_EMAIL, sought=email)


def sessions(connection: Connection, account_id: str) -> list[Session]:
    return SESSIONS.every(connection, _SESSIONS_OF, sought=account_id)


def use_session(transaction: Transaction, session_hash: bytes, now: int) -> None:
    transaction.connection.execute(_USE.values(last_used_at=now), {"sought": session_hash, "now": now})


def note_language(transaction: Transaction, account_id: str, language: str) -> None:
    transaction.connection.execute(_SPEAK.values(language=language), {"sought": account_id})


def end_sessions(transaction: Transaction, account_id: str, but: bytes, events: Sequence[Event]) -> int:
    ended = transaction.connection.execute(_END_ALL, {"sought": account_id, "but": but}).rowcount
    if ended:
        transaction.events.extend(events)
    return ended


def name_family(transaction: Transaction, family_id: str, given_name: str) -> bool:
    family = FAMILIES.lock(transaction.connection, family_id)
    return family is not None and FAMILIES.replace(transaction.connection, replace(family, given_name=given_name))


def take_link(transaction: Transaction, link_hash: bytes) -> Link | None:
    link = LINKS.first(transaction.connection, _TAKE, sought=link_hash)
    transaction.connection.execute(_DROP, {"sought": link_hash})
    return link


def forget_links(transaction: Transaction, account_id: str, purpose: Purpose) -> None:
    transaction.connection.execute(_FORGET, {"sought": account_id, "purpose_sought": purpose})


def owe(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    if deliveries:
        DELIVERIES.add_together(transaction.connection, deliveries)
    transaction.news.extend(News("delivery", each.delivery_id, each) for each in deliveries)


def claim(transaction: Transaction, now: int, most: int) -> list[Delivery]:
    due = DELIVERIES.every(transaction.connection, _DUE, now=now, most=most)
    for each in due:
        DELIVERIES.replace(transaction.connection, replace(each, due_at=now + LEASE_FOR))
    return due


def postpone(transaction: Transaction, delivery: Delivery) -> None:
    DELIVERIES.replace(transaction.connection, delivery)


def settle(transaction: Transaction, delivery_id: str) -> None:
    transaction.connection.execute(_SETTLE, {"sought": delivery_id})
