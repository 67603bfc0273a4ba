"""The two things that SQLite and PostgreSQL do differently: how a connection is made, and how news travels."""

from collections.abc import Callable, Sequence
from typing import Protocol, cast, get_args

from sqlalchemy import Connection, Engine

from server.oauth.store import FOUND, News, Subject


def read_news(subject: object, key: object) -> News:
    """News that somebody wrote down. What we do not understand (a newer server's?) may mean anything: `FOUND`."""
    if subject in get_args(Subject) and isinstance(key, str):
        return News(cast(Subject, subject), key)
    return FOUND


class Watch(Protocol):
    """A thread that hears what others change."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        ...


class Database(Protocol):
    """One database. `where` names it in errors: a path, or a URL without its password."""

    where: str

    def writer(self) -> Engine:
        """Connections for the one thread that writes; a transaction is durable when it is committed."""
        ...

    def reader(self, size: int) -> Engine:
        """A pool of `size` connections that only read, each statement by itself."""
        ...

    def prepare(self) -> None:
        """What must be right before the first connection."""
        ...

    def tell(self, connection: Connection, origin: str, news: Sequence[News]) -> None:
        """Tell other servers, when this transaction commits."""
        ...

    def wait_for_events(self, connection: Connection) -> None:
        """Return when every transaction that has drawn a number for an event by now is over."""
        ...

    def watch(self, reader: Engine, origin: str, hear: Callable[[Sequence[News]], None]) -> Watch:
        """Ready to hear all that is committed from now on by others than `origin`. `hear` is called in its thread."""
        ...
