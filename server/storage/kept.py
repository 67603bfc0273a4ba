"""How a value of the law becomes a row and comes back: prepared Core statements, no ORM session."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Select, TableClause, bindparam, insert, select, update

from server.oauth.account import Account, Session
from server.oauth.authorization import AuthorizationRequest
from server.oauth.backchannel import BackchannelRequest
from server.oauth.client import Client
from server.oauth.delivery import Delivery
from server.oauth.device import DeviceAuthorization
from server.oauth.event import Event
from server.oauth.factor import Attempt, Identity, Passkey, RecoveryCode, Totp
from server.oauth.link import Link
from server.oauth.prompts import Mute, RequestCode
from server.oauth.registered import DeviceKey, InitialToken, Registration
from server.oauth.store import SigningKey
from server.oauth.token import Family, RefreshToken

from . import tables

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


class Kept(Generic[T]):
    """A frozen dataclass and the table that has a column for each of its fields. The first field is the key."""

    def __init__(self, value: type[T], table: TableClause) -> None:
        self._value = value
        self.table = table
        self.names = tuple(field.name for field in fields(value))
        self._parts = attrgetter(*self.names)
        self.columns = [table.c[name] for name in self.names]
        key = self.columns[0]
        self.select = select(*self.columns)
        self._find = self.select.where(key == bindparam("sought"))
        self._lock = self._find.with_for_update()
        self._insert = insert(table)
        self._update = update(table).where(key == bindparam("sought"))

    def read(self, row: Row[Any]) -> T:
        """The value of a row of `select`."""
        value: Any = self._value
        kept: T = value(*row)
        return kept

    def write(self, value: T) -> dict[str, Any]:
        """The value's columns."""
        return {name: getattr(value, name) for name in self.names}

    def find(self, connection: Connection, key: object) -> T | None:
        return self.first(connection, self._find, sought=key)

    def lock(self, connection: Connection, key: object) -> T | None:
        """Like `find`; nobody else changes the row until this transaction is over."""
        return self.first(connection, self._lock, sought=key)

    def first(self, connection: Connection, statement: Select[Any], **parameters: object) -> T | None:
        row = connection.execute(statement, parameters).first()
        return None if row is None else self.read(row)

    def every(self, connection: Connection, statement: Select[Any], **parameters: object) -> list[T]:
        return [self.read(row) for row in connection.execute(statement, parameters)]

    def add(self, connection: Connection, value: T, **more: object) -> None:
        """Insert; `more` fills columns that the value does not have."""
        connection.execute(self._insert, self.write(value) | more)

    def replace(self, connection: Connection, value: T, **more: object) -> bool:
        """Write the value over the row of its key; False when there is none."""
        columns = self.write(value)
        columns["sought"] = columns[self.names[0]]
        return connection.execute(self._update, columns | more).rowcount == 1

    def add_together(self, connection: Connection, values: Sequence[T]) -> None:
        """Insert many in a few statements.

        One statement of many rows beats `executemany`: it is one step of the database, so the writer gives up and
        waits for the interpreter's lock once and not once a row, however busy the event loop is.
        """
        mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        start = 0
        for size in _portions(len(values)):
            portion = values[start : start + size]
            sql = _insert_sql(self.table.name, self.names, size, mark)
            connection.exec_driver_sql(sql, tuple(self._plain(portion)))
            start += size

    def _plain(self, values: Iterable[T]) -> Iterator[object]:
        """All columns of all values in one row, as the driver takes them (`tables.Words` is not asked here)."""
        for value in values:
            for part in self._parts(value):
                yield " ".join(part) if type(part) is tuple else part


def _portions(count: int) -> Iterable[int]:
    """Powers of two up to 64 that add up to `count`: few different statements, so that all stay prepared."""
    while count > 0:
        size = min(64, 1 << (count.bit_length() - 1))
        yield size
        count -= size


@lru_cache(maxsize=64)
def _insert_sql(table: str, names: tuple[str, ...], rows: int, mark: str) -> str:
    row = f"({', '.join([mark] * len(names))})"
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([row] * rows)}"  # noqa: S608 - our own names


DEVICES = Kept(DeviceAuthorization, tables.DEVICES)
REQUESTS = Kept(AuthorizationRequest, tables.REQUESTS)
FAMILIES = Kept(Family, tables.FAMILIES)
REFRESH_TOKENS = Kept(RefreshToken, tables.REFRESH_TOKENS)
CLIENTS = Kept(Client, tables.CLIENTS)
ACCOUNTS = Kept(Account, tables.ACCOUNTS)
SESSIONS = Kept(Session, tables.SESSIONS)
SIGNING_KEYS = Kept(SigningKey, tables.SIGNING_KEYS)
INITIAL_TOKENS = Kept(InitialToken, tables.INITIAL_TOKENS)
REGISTRATIONS = Kept(Registration, tables.REGISTRATIONS)
DEVICE_KEYS = Kept(DeviceKey, tables.DEVICE_KEYS)
EVENTS = Kept(Event, tables.EVENTS)
LINKS = Kept(Link, tables.LINKS)
DELIVERIES = Kept(Delivery, tables.DELIVERIES)
BACKCHANNELS = Kept(BackchannelRequest, tables.BACKCHANNELS)
MUTES = Kept(Mute, tables.MUTES)
REQUEST_CODES = Kept(RequestCode, tables.REQUEST_CODES)
ATTEMPTS = Kept(Attempt, tables.ATTEMPTS)
PASSKEYS = Kept(Passkey, tables.PASSKEYS)
TOTPS = Kept(Totp, tables.TOTPS)
RECOVERY_CODES = Kept(RecoveryCode, tables.RECOVERY_CODES)
IDENTITIES = Kept(Identity, tables.IDENTITIES)
