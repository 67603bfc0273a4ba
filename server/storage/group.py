"""The event loop's side of group commit: hand a job to the writer, wait for its outcome, hear the news."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar
from uuid import uuid4

from sqlalchemy import insert

from server.oauth.store import News, StorageError

from . import schema
from .database import Database, Watch
from .faults import explain
from .reader import Reader
from .tables import NEWS
from .writer import Job, Outcome, Transaction, Writer

R = TypeVar("R")
_TOGETHER: Final = 8
_log = logging.getLogger(__name__)


class Group:
    """A database that is open: `do` writes, `ask` reads, `hear` gets every change, in the event loop."""

    def __init__(self, database: Database, hear: Callable[[News], None]) -> None:
        self._database, self._hear = database, hear
        self._origin = uuid4().hex
        self._loop = asyncio.get_running_loop()
        self._is_closed = False
        self._waiting: list[Job] = []
        self._reader = Reader(database)
        self._writer = Writer(database, self._origin, self._settle)
        self._watch: Watch | None = None
        self.ask = self._reader.ask

    async def open(self) -> None:
        """Check all that can be wrong at the start, then begin. Raises `StorageError`."""
        try:
            await asyncio.to_thread(self._prepare)
        except Exception as fault:
            await self.close()
            raise explain(fault, self._database.where) from fault
        self._writer.start()
        if self._watch is not None:
            self._watch.start()

    async def close(self) -> None:
        """Write what is waiting, then end every thread and connection."""
        self._is_closed = True
        self._hand_over()
        await asyncio.to_thread(self._stop)

    async def do(self, run: Callable[[Transaction], R]) -> R:
        """What a job answers, once it is durable."""
        answer: R = await self._put(Job(self._loop.create_future(), run=run))
        return answer

    async def add(self, together: Callable[[Any, Sequence[Any]], None], row: object) -> None:
        """Insert a row, in one statement with all that wait to be inserted in the same way."""
        await self._put(Job(self._loop.create_future(), together=together, row=row))

    def _put(self, job: Job) -> "asyncio.Future[Any]":
        if self._is_closed:
            raise StorageError("the storage is closed")
        if not self._waiting:
            self._loop.call_soon(self._hand_over)
        self._waiting.append(job)
        if len(self._waiting) == _TOGETHER:
            self._hand_over()
        return job.future

    def _hand_over(self) -> None:
        """Give the writer what waits: all that one turn of the loop asks for, or as much as is worth a commit.

        One by one, the first of a crowd would have a transaction and an `fsync` to itself; all in one, nobody would
        read the next requests while the disk works.
        """
        jobs, self._waiting = self._waiting, []
        if jobs:
            self._writer.put(jobs)

    def _prepare(self) -> None:
        where = self._database.where
        self._database.prepare()
        engine = self._database.writer()
        try:
            with engine.connect() as connection:
                schema.ensure(connection, where)
                with connection.begin():  # a row, so that a full disk is met now and not by the first person
                    connection.execute(insert(NEWS), {"origin": self._origin, "subject": "opened", "key": ""})
        finally:
            engine.dispose()
        self._watch = self._database.watch(self._reader.engine, self._origin, self._hear_from_afar)

    def _stop(self) -> None:
        self._writer.stop()
        if self._watch is not None:
            self._watch.stop()
        self._reader.stop()

    def _settle(self, outcomes: Sequence[Outcome], news: Sequence[News]) -> None:
        """In the writer's thread, after a commit."""
        self._call(self._announce, outcomes, news)

    def _hear_from_afar(self, news: Sequence[News]) -> None:
        """In the watching thread."""
        if not self._is_closed:
            self._call(self._announce, (), news)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            _log.warning("the event loop ended before the storage was closed")

    def _announce(self, outcomes: Sequence[Outcome], news: Sequence[News]) -> None:
        """In the event loop: first the news, so that whoever asked finds it told already."""
        for item in news:
            try:
                self._hear(item)
            except Exception:
                _log.exception("news of %s could not be heard", item.subject)
        for job, answer, fault in outcomes:
            if job.future.done():  # whoever asked has gone away
                continue
            if fault is not None:
                job.future.set_exception(fault)
            else:
                job.future.set_result(answer)
