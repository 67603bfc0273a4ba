"""The broom: what has been dead for a while is deleted, a batch at a time, so that no table grows without limit."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, TableClause, and_, delete, exists, func, or_, select, tuple_

from .limits import BATCH, DEVICE_KEPT_FOR, FAMILY_KEPT_FOR, NEWS_KEPT, OWED_FOR
from .tables import (
    ATTEMPTS,
    BACKCHANNELS,
    DELIVERIES,
    DEVICES,
    EVENTS,
    FAMILIES,
    GUESS_COUNTS,
    INITIAL_TOKENS,
    LINKS,
    MUTES,
    NEWS,
    ONCE,
    READINGS,
    REFRESH_TOKENS,
    REQUESTS,
    SESSIONS,
)
from .writer import Transaction


def sweep(transaction: Transaction, now: int, audit_for: int) -> int:
    """Delete at most `BATCH` rows; how many were deleted."""
    deleted = 0
    for table, key, is_dead in (*_dead(now), (EVENTS, ["number"], EVENTS.c.at <= now - audit_for)):
        if deleted < BATCH:
            deleted += _delete(transaction.connection, table, key, is_dead, BATCH - deleted)
    return deleted


def _dead(now: int) -> tuple[tuple[TableClause, Sequence[str], ColumnElement[bool]], ...]:
    """Table, key, and which rows may go, in an order in which nothing is deleted that others still refer to."""
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
        (DEVICES, ["code_hash"], DEVICES.c.expires_at <= now - DEVICE_KEPT_FOR),
        (REQUESTS, ["request_hash"], REQUESTS.c.expires_at <= now - DEVICE_KEPT_FOR),
        (BACKCHANNELS, ["request_hash"], _is_over(now)),
        (MUTES, ["key"], MUTES.c.until_at <= now),
        (SESSIONS, ["session_hash"], SESSIONS.c.expires_at <= now),
        (INITIAL_TOKENS, ["token_id"], INITIAL_TOKENS.c.expires_at <= now),
        (ONCE, ["key_hash"], ONCE.c.expires_at <= now),
        (ATTEMPTS, ["attempt_hash"], ATTEMPTS.c.expires_at <= now),
        (LINKS, ["link_hash"], LINKS.c.expires_at <= now),
        (DELIVERIES, ["delivery_id"], DELIVERIES.c.expires_at <= now),
        (GUESS_COUNTS, ["key"], GUESS_COUNTS.c.ends_at <= now),
        (NEWS, ["news_id"], NEWS.c.news_id <= newest.scalar_subquery()),
        (READINGS, ["device_id", "number"], READINGS.c.device_id.in_(devices) & ~is_used),
        (REFRESH_TOKENS, ["token_hash"], or_(REFRESH_TOKENS.c.expires_at <= now, REFRESH_TOKENS.c.family_id.in_(gone))),
        (FAMILIES, ["family_id"], is_gone & ~has_tokens),
    )


def _is_over(now: int) -> ColumnElement[bool]:
    """What a client is still owed is kept for a day: we may have been switched off meanwhile."""
    request = BACKCHANNELS.c
    is_late = request.expires_at <= now - OWED_FOR
    return and_(request.expires_at <= now - DEVICE_KEPT_FOR, or_(request.due_at.is_(None), is_late))


def _delete(
    connection: Connection, table: TableClause, names: Sequence[str], is_dead: ColumnElement[bool], most: int
) -> int:
    key = [table.c[name] for name in names]
    doomed = select(*key).where(is_dead).limit(most)
    if connection.dialect.name == "postgresql":
        doomed = doomed.with_for_update(skip_locked=True)  # two servers sweep different rows
    where = key[0].in_(doomed) if len(key) == 1 else tuple_(*key).in_(doomed)
    return connection.execute(delete(table).where(where)).rowcount
