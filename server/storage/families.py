"""Jobs and queries about token families and their refresh tokens."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, bindparam, select

from server.oauth.event import Event
from server.oauth.logout import owed_to
from server.oauth.store import News
from server.oauth.token import Family, RefreshToken, Rotation, end, told_of

from .kept import CLIENTS, FAMILIES, REFRESH_TOKENS
from .letters import owe
from .writer import Transaction, decide

_F: Final = FAMILIES.table.c
_T: Final = REFRESH_TOKENS.table.c

_NEWEST_FIRST: Final = FAMILIES.select.order_by(_F.last_seen_at.desc(), _F.family_id)
_OF_ACCOUNT: Final = _NEWEST_FIRST.where(_F.account_id == bindparam("sought"))
_ENDED: Final = select(_F.family_id).where(_F.ended_at >= bindparam("since"))
_BOTH: Final = select(*REFRESH_TOKENS.columns, *FAMILIES.columns).join_from(
    REFRESH_TOKENS.table, FAMILIES.table, _T.family_id == _F.family_id
)
_BY_TOKEN: Final = _BOTH.where(_T.token_hash == bindparam("sought"))
_FAMILY_OF_TOKEN: Final = (
    FAMILIES.select.join_from(FAMILIES.table, REFRESH_TOKENS.table, _T.family_id == _F.family_id)
    .where(_T.token_hash == bindparam("sought"))
    .with_for_update(of=FAMILIES.table)
)


def of_account(connection: Connection, account_id: str | None) -> list[Family]:
    if account_id is None:
        return FAMILIES.every(connection, _NEWEST_FIRST)
    return FAMILIES.every(connection, _OF_ACCOUNT, sought=account_id)


def ended(connection: Connection, since: int) -> list[str]:
    return list(connection.execute(_ENDED, {"since": since}).scalars())


def find_token(connection: Connection, token_hash: bytes) -> tuple[RefreshToken, Family] | None:
    row = connection.execute(_BY_TOKEN, {"sought": token_hash}).first()
    if row is None:
        return None
    width = len(REFRESH_TOKENS.columns)
    return RefreshToken(*row[:width]), Family(*row[width:])


def end_one(transaction: Transaction, family_id: str, now: int, event: Event | None) -> Family | None:
    family = FAMILIES.lock(transaction.connection, family_id)
    if family is None:
        return None
    if event is not None and family.ended_at is None:
        transaction.events.append(told_of(family, event))
    return _keep(transaction, family, end(family, now))


def rotate(
    transaction: Transaction, token_hash: bytes, change: Callable[[RefreshToken, Family], Rotation]
) -> Rotation | None:
    """Whoever changes tokens holds the lock of their family: rotation and revocation take turns."""
    connection = transaction.connection
    family = FAMILIES.first(connection, _FAMILY_OF_TOKEN, sought=token_hash)
    shown = REFRESH_TOKENS.find(connection, token_hash)
    if family is None or shown is None:
        return None
    rotation = decide(change, shown, family)
    _keep(transaction, family, rotation.family)
    if rotation.shown != shown:
        REFRESH_TOKENS.replace(connection, rotation.shown)
    if rotation.successor is not None:
        REFRESH_TOKENS.add(connection, rotation.successor)
    transaction.events.extend(rotation.events)
    return rotation


def _keep(transaction: Transaction, before: Family, after: Family) -> Family:
    if after != before:
        FAMILIES.replace(transaction.connection, after)
    if after.ended_at != before.ended_at:
        transaction.news.append(News("family", after.family_id, after))
        client = CLIENTS.find(transaction.connection, after.client_id)
        told = owed_to(client, after, after.ended_at or 0)
        owe(transaction, [told] if told is not None else [])
    return after
