"""From a URL to a store: `memory:`, `sqlite:///path`, `postgresql://user:password@host/database`."""

from typing import Protocol

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from server.oauth.store import StorageError, Store

from . import schema
from .database import Database
from .faults import explain
from .readings import Readings
from .sql import SqlStore
from .sqlite import Sqlite

KNOWN = "sqlite:///path/to/file, postgresql://user:password@host/database, or memory:"


class Cellar(Store, Protocol):
    """A store with all that it keeps: the law's promises, and what the API behind the tokens needs."""

    @property
    def readings(self) -> Readings: ...


def open_storage(url: str) -> Cellar:
    """The store for a URL; nothing is touched before its `open`. Raises `StorageError` for a URL that names none."""
    if url == "memory:":
        from .memory import MemoryStore  # no server that keeps anything needs it

        return MemoryStore()
    return SqlStore(database(url))


def database(url: str) -> Database:
    """The database that a URL names. Its password never appears in an error."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError(f"the database URL cannot be read; it is one of {KNOWN}") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StorageError(
                "the database URL names no file: write sqlite:///path/to/file, or memory: to keep nothing"
            )
        return Sqlite(parsed.database)
    if kind in ("postgresql", "postgres"):
        from .postgresql import PostgreSQL  # psycopg is loaded only where it is used

        if not parsed.database:
            raise StorageError(f"the database URL names no database; it is one of {KNOWN}")
        return PostgreSQL(parsed)
    raise StorageError(f"Porchlight cannot keep things in {kind}; the database URL is one of {KNOWN}")


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring the database at this URL to the version of this program: the versions before and after.

    None stands for an empty database. Raises `StorageError` when it cannot be done; then nothing is changed.
    """
    if url == "memory:":
        raise StorageError("memory: keeps nothing that could be upgraded")
    found = database(url)
    engine = found.writer()
    try:
        found.prepare()
        with engine.connect() as connection:
            return schema.bring_up(connection, found.where)
    except Exception as fault:
        raise explain(fault, found.where) from fault
    finally:
        engine.dispose()
