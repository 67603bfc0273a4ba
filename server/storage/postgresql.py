"""PostgreSQL by psycopg 3: news by NOTIFY in the transaction that makes it, heard by a connection that LISTENs."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final, cast

import psycopg
from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, text

from server.oauth.store import FOUND, LOST, News, StorageError

from .database import read_news
from .faults import explain

_log = logging.getLogger(__name__)
_CHANNEL: Final = "porchlight"
# A dead network is noticed in about fifteen seconds, whichever side is waiting.
_ARGUMENTS: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "porchlight",
}
# Nobody waits for ever for a row, and a server that hangs in a transaction lets go of its rows. Where the cluster was
# told to commit without the disk, we insist on it.
_SET_UP: Final = """
SELECT set_config('lock_timeout', '10s', false),
       set_config('idle_in_transaction_session_timeout', '10s', false),
       set_config('client_min_messages', 'warning', false),
       set_config('synchronous_commit',
                  CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
                       ELSE current_setting('synchronous_commit') END, false),
       pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'
"""
_TELL: Final = text("SELECT pg_notify(:channel, item) FROM unnest(CAST(:items AS text[])) AS item")


class PostgreSQL:
    """The database that a `postgresql://` URL names."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self.where = url.render_as_string(hide_password=True)

    def prepare(self) -> None:
        """Nothing: the first connection says what is wrong."""

    def writer(self) -> Engine:
        engine = create_engine(self._url, poolclass=NullPool, hide_parameters=True, connect_args=_ARGUMENTS)
        event.listen(engine, "connect", self._set_up)
        return engine

    def reader(self, size: int) -> Engine:
        engine = create_engine(
            self._url,
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=0,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args=_ARGUMENTS,
        )
        event.listen(engine, "connect", self._set_up)
        return engine

    def _set_up(self, connection: psycopg.Connection, _record: object) -> None:
        row = connection.execute(_SET_UP).fetchone()
        connection.commit()
        if row is not None and row[-1]:
            raise StorageError(f"{self.where} is read-only (a standby?): name the primary server in the database URL")

    def tell(self, connection: Connection, origin: str, news: Sequence[News]) -> None:
        items = [json.dumps((origin, item.subject, item.key)) for item in news]
        connection.execute(_TELL, {"channel": _CHANNEL, "items": items})

    def wait_for_events(self, connection: Connection) -> None:
        """Whoever inserts holds a lock of the table from before it draws a number until its commit is seen."""
        connection.exec_driver_sql("BEGIN; LOCK TABLE audit_event IN SHARE MODE; COMMIT")

    def watch(self, reader: Engine, origin: str, hear: Callable[[Sequence[News]], None]) -> "ListenWatch":
        return ListenWatch(reader, origin, hear, self.where)


class ListenWatch:
    """A connection that listens. While it is away news is missed, so its loss and its return are news themselves."""

    def __init__(self, reader: Engine, origin: str, hear: Callable[[Sequence[News]], None], where: str) -> None:
        self._reader, self._origin, self._hear, self._where = reader, origin, hear, where
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="porchlight listen", daemon=True)
        self._first: Connection | None = self._listen()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        elif self._first is not None:
            self._first.close()

    def _listen(self) -> Connection:
        connection = self._reader.connect()
        connection.detach()  # never back to the pool: it would go on listening
        connection.exec_driver_sql(f"LISTEN {_CHANNEL}")
        return connection

    def _run(self) -> None:
        connection, self._first = self._first, None
        is_away = False
        while not self._over.is_set():
            try:
                connection = connection or self._listen()
                if is_away:
                    self._hear([FOUND])
                is_away = False
                with connection:
                    self._follow(connection)
            except Exception as fault:  # the server went away, or the network
                if not is_away:
                    _log.warning("no news from other servers: %s", explain(fault, self._where))
                    self._hear([LOST])
                is_away = True
                self._over.wait(0.25)
            connection = None

    def _follow(self, connection: Connection) -> None:
        driver = cast("psycopg.Connection[object]", connection.connection.dbapi_connection)
        while not self._over.is_set():
            payloads = [notify.payload for notify in driver.notifies(timeout=0.2, stop_after=1)]
            news = [item for payload in payloads if (item := _read(payload, self._origin))]
            if news:
                self._hear(news)


def _read(payload: str, own: str) -> News | None:
    """The news in a payload, None for our own. What is not ours to read (somebody else's NOTIFY) may mean anything."""
    try:
        origin, subject, key = json.loads(payload)
    except (ValueError, TypeError):
        return FOUND
    return None if origin == own else read_news(subject, key)
