"""Readings in the database: numbered for each device, so that the oldest is known without counting."""

from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, text

from .kept import Kept
from .readings import KEPT_PER_DEVICE, MOST_LISTED, Reading
from .tables import READINGS
from .writer import Transaction

_C: Final = READINGS.c
_KEPT: Final = Kept(Reading, READINGS)
_LAST: Final = select(func.max(_C.number)).where(_C.device_id == bindparam("device"))
_OLD: Final = delete(READINGS).where(_C.device_id == bindparam("device"), _C.number <= bindparam("oldest"))
_TAKE_TURNS: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:device, 1919246692))")


def add(transaction: Transaction, reading: Reading) -> None:
    connection = transaction.connection
    device = {"device": reading.device_id}
    if connection.dialect.name == "postgresql":
        connection.execute(_TAKE_TURNS, device)  # there may be no row yet that could be locked
    number = (connection.execute(_LAST, device).scalar() or 0) + 1
    _KEPT.add(connection, reading, number=number)
    connection.execute(_OLD, device | {"oldest": number - KEPT_PER_DEVICE})


def newest(
    account_id: str, device_id: str | None, stream: str | None, limit: int, before: int | None, connection: Connection
) -> list[Reading]:
    statement = _KEPT.select.where(*_meant(account_id, device_id, stream))
    if before is not None:
        statement = statement.where(_C.at < before)
    statement = statement.order_by(_C.at.desc(), _C.number.desc()).limit(max(1, min(limit, MOST_LISTED)))
    return _KEPT.every(connection, statement)


def drop(transaction: Transaction, account_id: str, device_id: str | None, stream: str | None) -> int:
    return transaction.connection.execute(delete(READINGS).where(*_meant(account_id, device_id, stream))).rowcount


def _meant(account_id: str, device_id: str | None, stream: str | None) -> list[ColumnElement[bool]]:
    meant = [_C.account_id == account_id]
    if device_id is not None:
        meant.append(_C.device_id == device_id)
    if stream is not None:
        meant.append(_C.stream == stream)
    return meant
