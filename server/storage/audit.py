"""Queries about the events of the audit. They are written by whoever decides, in its transaction (`writer.py`)."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, select

from server.oauth.event import Event, Recorded, Sought

from .kept import EVENTS
from .tables import EVENTS as TABLE

_C: Final = TABLE.c
_ALL: Final = select(_C.number, *EVENTS.columns)
_LAST: Final = select(func.max(_C.number))
_AFTER: Final = _ALL.where(_C.number > bindparam("number")).order_by(_C.number).limit(bindparam("most"))
_UP_TO: Final = _AFTER.where(_C.number <= bindparam("last"))


def last(connection: Connection, wait: Callable[[Connection], None]) -> int:
    """The highest number there is; after the wait all below it are there, too, or never will be."""
    found = connection.execute(_LAST).scalar()
    wait(connection)
    return int(found or 0)


def newest(connection: Connection, sought: Sought, limit: int) -> list[Recorded]:
    """Those sought, newest first."""
    query = _ALL.order_by(_C.number.desc()).limit(limit)
    if sought.since:
        query = query.where(_C.at >= sought.since)
    if sought.what:
        query = query.where(_C.what.in_(sought.what))
    for name in ("client_id", "account_id", "device_id"):
        if wanted := getattr(sought, name):
            query = query.where(_C[name] == wanted)
    return _read(connection, query)


def after(connection: Connection, number: int, limit: int, wait: Callable[[Connection], None]) -> list[Recorded]:
    """Those that follow this number, in order.

    A number that is missing may belong to a transaction that is still under way: whoever went on would never see its
    event. So we wait until all those are over; what is missing then, up to the last we saw, was rolled back or swept.
    """
    found = _read(connection, _AFTER, number=number, most=limit)
    if found and found[-1].number != number + len(found):
        wait(connection)
        found = _read(connection, _UP_TO, number=number, most=limit, last=found[-1].number)
    return found


def _read(connection: Connection, query: Select[Any], **parameters: int) -> list[Recorded]:
    return [Recorded(row[0], Event(*row[1:])) for row in connection.execute(query, parameters)]
