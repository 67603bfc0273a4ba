"""Reads: a small pool of threads with connections of their own, so that the event loop never waits for a disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine

from .database import Database
from .faults import explain, is_lost

R = TypeVar("R")
_THREADS: Final = 4


class Reader:
    """`engine` has one connection more than there are threads: it is for whoever watches for news."""

    def __init__(self, database: Database) -> None:
        self._where = database.where
        self.engine: Engine = database.reader(_THREADS + 1)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="porchlight reader")

    async def ask(self, query: Callable[[Connection], R]) -> R:
        """The answer of a query, which is run in a thread. Raises `StorageError`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, query)

    def stop(self) -> None:
        self._threads.shutdown(wait=True)
        self.engine.dispose()

    def _ask(self, query: Callable[[Connection], R]) -> R:
        try:
            try:
                return self._once(query)
            except Exception as fault:
                if not is_lost(fault):
                    raise
                return self._once(query)  # the database was restarted; the pool is new after the first loss
        except Exception as fault:
            raise explain(fault, self._where) from fault

    def _once(self, query: Callable[[Connection], R]) -> R:
        with self.engine.connect() as connection:
            return query(connection)
