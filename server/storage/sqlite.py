"""SQLite: write-ahead log, every commit on the disk, one writer at a time, and an outbox for other processes."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, func, insert, select

from server.oauth.store import FOUND, LOST, News, StorageError

from .database import read_news
from .faults import explain
from .tables import NEWS

_log = logging.getLogger(__name__)
_PATIENCE: Final = 10.0  # seconds to wait for another process that writes
_LOOK_EVERY: Final = 0.1  # seconds between looks at the outbox


class Sqlite:
    """The database in the file at `path`."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.where = path

    def prepare(self) -> None:
        """Make the file, which holds private keys, for its owner alone; the log beside it takes the same mode."""
        directory = self.path.parent
        if not directory.is_dir():
            raise StorageError(
                f"the directory {directory} does not exist: create it, or name another for {self.path.name}"
            )
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(0o600)
        except IsADirectoryError:
            raise StorageError(f"{self.where} is a directory: name a file in it") from None
        except PermissionError:
            raise StorageError(self._forbidden()) from None

    def _forbidden(self) -> str:
        if self.path.exists():
            return f"{self.where} cannot be written: give the file to the user that runs Porchlight (chown, chmod 600)"
        return f"the directory {self.path.parent} cannot be written: give it to the user that runs Porchlight"

    def writer(self) -> Engine:
        engine = create_engine(self._url(), poolclass=NullPool, hide_parameters=True, connect_args=_ARGUMENTS)
        event.listen(engine, "connect", _set_up_writer)
        event.listen(engine, "begin", _begin)
        return engine

    def reader(self, size: int) -> Engine:
        engine = create_engine(
            self._url(),
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=0,
            hide_parameters=True,
            connect_args=_ARGUMENTS,
        )
        event.listen(engine, "connect", _set_up_reader)
        return engine

    def _url(self) -> URL:
        return URL.create("sqlite", database=str(self.path))

    def tell(self, connection: Connection, origin: str, news: Sequence[News]) -> None:
        rows = [{"origin": origin, "subject": item.subject, "key": item.key} for item in news]
        connection.execute(insert(NEWS), rows)

    def wait_for_events(self, connection: Connection) -> None:
        """Nothing: one transaction writes at a time, so numbers grow in the order of the commits."""

    def watch(self, reader: Engine, origin: str, hear: Callable[[Sequence[News]], None]) -> "OutboxWatch":
        return OutboxWatch(reader, origin, hear, self.where)


# `isolation_level=None`: the driver begins no transaction of its own, `_begin` does.
_ARGUMENTS: Final = {
    "timeout": _PATIENCE,
    "isolation_level": None,
    "check_same_thread": False,
    "cached_statements": 256,
}


def _set_up_writer(connection: sqlite3.Connection, _record: object) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StorageError(f"this disk cannot hold a SQLite write-ahead log (journal mode {mode}): use a local disk")
    connection.execute("PRAGMA synchronous = FULL")  # in WAL mode: the log is on the disk before a commit returns
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages: a page that changes often is copied back less often
    # An insert of many rows can be undone half-way; what that takes is a file on the disk for each, unless we say so.
    connection.execute("PRAGMA temp_store = MEMORY")


def _set_up_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first could not get it any more, and would fail."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class OutboxWatch:
    """Reads the outbox when the file has changed. Ids grow in the order of the commits, SQLite has one writer."""

    def __init__(self, reader: Engine, origin: str, hear: Callable[[Sequence[News]], None], where: str) -> None:
        self._reader, self._origin, self._hear, self._where = reader, origin, hear, where
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="porchlight outbox", daemon=True)
        with reader.connect() as connection:
            self._last = _last(connection)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        is_away = False
        while not self._over.is_set():
            try:
                with self._reader.connect() as connection:
                    self._look(connection)
                    if is_away:
                        self._hear([FOUND])
                    is_away = False
                    self._follow(connection)
            except Exception as fault:  # whatever the disk did: look again, and let nobody trust what is in memory
                _log.warning("no news from other processes: %s", explain(fault, self._where))
                self._hear([LOST])
                is_away = True
                self._over.wait(1)

    def _follow(self, connection: Connection) -> None:
        seen = None
        while not self._over.wait(_LOOK_EVERY):
            version = connection.exec_driver_sql("PRAGMA data_version").scalar()
            if version != seen:
                seen = version
                self._look(connection)

    def _look(self, connection: Connection) -> None:
        statement = select(NEWS.c.news_id, NEWS.c.origin, NEWS.c.subject, NEWS.c.key).where(NEWS.c.news_id > self._last)
        rows = connection.execute(statement.order_by(NEWS.c.news_id)).all()
        if not rows:
            return
        others = [row for row in rows if row.origin != self._origin and row.subject != "opened"]
        news = [read_news(row.subject, row.key) for row in others]
        if rows[0].news_id != self._last + 1:  # swept before we looked
            news.append(FOUND)
        self._last = rows[-1].news_id
        if news:
            self._hear(news)


def _last(connection: Connection) -> int:
    last: Any = connection.execute(select(func.max(NEWS.c.news_id))).scalar()
    return int(last or 0)
