"""The first start: a process of its own makes the tables, so that the server never carries what makes them.

Alembic and SQLModel take thirty megabytes, which no interpreter gives back.
"""

import contextlib
import os
import threading

from .choose import database, upgrade
from .sqlite import Sqlite


def make_tables_apart(url: str) -> None:
    """Make the tables of a SQLite file that is not there yet. To be called while there is only one thread: it forks.

    What goes wrong in that process goes wrong again when the server opens its storage, which then says what it is.
    Raises `StorageError` for a URL that names no database.
    """
    found = None if url == "memory:" else database(url)
    if not isinstance(found, Sqlite) or found.path.exists() or threading.active_count() > 1:
        return
    child = os.fork()
    if child == 0:
        try:
            with contextlib.suppress(Exception):
                upgrade(url)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
