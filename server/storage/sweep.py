"""The broom: what has been dead for a while is deleted, a batch at a time, so that no table grows without limit."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, exists, func, or_, select, tuple_

from .limits import BATCH, DEVICE_KEPT_FOR, FAMILY_KEPT_FOR, NEWS_KEPT
from .tables import DEVICES, FAMILIES, GUESS_COUNTS, NEWS, ONCE, READINGS, REFRESH_TOKENS, SESSIONS
from .writer import Transaction


def sweep(transaction: Transaction, now: int) -> int:
    """Delete at most `BATCH` rows; how many were deleted."""
    deleted = 0
    for table, is_dead in _dead(transaction.connection, now):
        if deleted < BATCH:
            deleted += _delete(transaction.connection, table, is_dead, BATCH - deleted)
    return deleted


def _dead(connection: Connection, now: int) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    """Which rows of which table may go, in an order in which nothing is deleted that others still refer to."""
    gone_before = now - FAMILY_KEPT_FOR
    family = FAMILIES.c
    is_gone = or_(family.ended_at <= gone_before, family.expires_at <= gone_before)
    gone = select(family.family_id).where(is_gone).order_by(family.family_id).limit(BATCH).scalar_subquery()
    devices = select(family.device_id).where(is_gone).order_by(family.family_id).limit(BATCH).scalar_subquery()
    other = FAMILIES.alias("other")
    is_used = exists().where(
        other.c.device_id == READINGS.c.device_id,
        other.c.expires_at > gone_before,
        or_(other.c.ended_at.is_(None), other.c.ended_at > gone_before),
    )
    has_tokens = exists().where(REFRESH_TOKENS.c.family_id == family.family_id)
    newest: Select[Any] = select(func.max(NEWS.c.news_id) - NEWS_KEPT)
    return (
        (DEVICES, DEVICES.c.expires_at <= now - DEVICE_KEPT_FOR),
        (SESSIONS, SESSIONS.c.expires_at <= now),
        (ONCE, ONCE.c.expires_at <= now),
        (GUESS_COUNTS, GUESS_COUNTS.c.ends_at <= now),
        (NEWS, NEWS.c.news_id <= newest.scalar_subquery()),
        (READINGS, READINGS.c.device_id.in_(devices) & ~is_used),
        (REFRESH_TOKENS, or_(REFRESH_TOKENS.c.expires_at <= now, REFRESH_TOKENS.c.family_id.in_(gone))),
        (FAMILIES, is_gone & ~has_tokens),
    )


def _delete(connection: Connection, table: Table, is_dead: ColumnElement[bool], most: int) -> int:
    key = tuple(table.primary_key)
    doomed = select(*key).where(is_dead).limit(most)
    if connection.dialect.name == "postgresql":
        doomed = doomed.with_for_update(skip_locked=True)  # two servers sweep different rows
    where = key[0].in_(doomed) if len(key) == 1 else tuple_(*key).in_(doomed)
    return connection.execute(delete(table).where(where)).rowcount
