"""Jobs and queries about backchannel requests, and about whom people do not want to be asked by."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, update

from server.oauth.backchannel import AskedAlready, BackchannelRequest, Change
from server.oauth.event import Event
from server.oauth.prompts import Mute, RequestCode, mute_key
from server.oauth.store import News
from server.oauth.token import Family, RefreshToken

from .kept import BACKCHANNELS, FAMILIES, MUTES, REFRESH_TOKENS, REQUEST_CODES
from .writer import Refused, Transaction, decide

_C: Final = BACKCHANNELS.table.c
_LIVE: Final = BACKCHANNELS.select.where(_C.live_for == bindparam("sought")).with_for_update()
_FREE: Final = update(BACKCHANNELS.table).where(_C.request_hash == bindparam("sought")).values(live_for=None)
_WAITING: Final = BACKCHANNELS.select.where(
    _C.account_id == bindparam("sought"), _C.state == "pending", _C.expires_at > bindparam("now")
).order_by(_C.created_at)
_DUE: Final = BACKCHANNELS.select.where(_C.due_at <= bindparam("now")).order_by(_C.due_at).limit(bindparam("most"))
_MUTES: Final = MUTES.select.where(
    MUTES.table.c.account_id == bindparam("sought"), MUTES.table.c.until_at > bindparam("now")
).order_by(MUTES.table.c.client_id)
_END_MUTE: Final = delete(MUTES.table).where(MUTES.table.c.key == bindparam("sought"))


def add(transaction: Transaction, request: BackchannelRequest, events: Sequence[Event]) -> None:
    """`live_for` is unique: of two servers that add at once, one succeeds. One that expired gives its place up."""
    live_for = mute_key(request.account_id, request.client_id)
    found = BACKCHANNELS.first(transaction.connection, _LIVE, sought=live_for)
    if found is not None:
        if not found.is_expired(request.created_at):
            raise Refused(AskedAlready(found.expires_at))
        transaction.connection.execute(_FREE, {"sought": found.request_hash})
    BACKCHANNELS.add(transaction.connection, request, live_for=live_for)
    transaction.events.extend(events)


def waiting(connection: Connection, account_id: str, now: int) -> list[BackchannelRequest]:
    return BACKCHANNELS.every(connection, _WAITING, sought=account_id, now=now)


def due(connection: Connection, now: int, limit: int) -> list[BackchannelRequest]:
    return BACKCHANNELS.every(connection, _DUE, now=now, most=limit)


def change(
    transaction: Transaction, request_hash: bytes, transition: Change, events: Sequence[Event]
) -> BackchannelRequest:
    before = BACKCHANNELS.lock(transaction.connection, request_hash)
    after = decide(transition, before)
    if after != before:
        freed: dict[str, object] = {} if after.state == "pending" else {"live_for": None}
        if before is None or not BACKCHANNELS.replace(transaction.connection, after, **freed):
            raise Refused(LookupError("a change cannot make a backchannel request"))
        transaction.news.append(News("backchannel", request_hash.hex(), after))
        transaction.events.extend(events)
    return after


def redeem(
    transaction: Transaction,
    request_hash: bytes,
    transition: Change,
    family: Family,
    token: RefreshToken | None,
    events: Sequence[Event],
) -> BackchannelRequest:
    after = change(transaction, request_hash, transition, events)
    FAMILIES.add(transaction.connection, family)
    if token is not None:
        REFRESH_TOKENS.add(transaction.connection, token)
    return after


def put_mute(transaction: Transaction, mute: Mute, events: Sequence[Event]) -> None:
    if not MUTES.replace(transaction.connection, mute):
        MUTES.add(transaction.connection, mute)
    transaction.events.extend(events)


def end_mute(transaction: Transaction, key: str, events: Sequence[Event]) -> None:
    transaction.connection.execute(_END_MUTE, {"sought": key})
    transaction.events.extend(events)


def mutes(connection: Connection, account_id: str, now: int) -> list[Mute]:
    return MUTES.every(connection, _MUTES, sought=account_id, now=now)


def put_code(transaction: Transaction, code: RequestCode, events: Sequence[Event]) -> None:
    if not REQUEST_CODES.replace(transaction.connection, code):
        REQUEST_CODES.add(transaction.connection, code)
    transaction.events.extend(events)
