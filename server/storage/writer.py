"""Group commit: one thread writes, and whatever waits is written in one transaction, so one `fsync` serves many.

A job reads, decides, then writes. It may be run again: when the transaction fails, each job of it is run by itself, so
that nobody suffers from another's fault.
"""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, RootTransaction

from server.oauth.event import Event
from server.oauth.store import News, StorageError

from .database import Database
from .faults import explain, is_lost, is_passing
from .kept import EVENTS

R = TypeVar("R")
_MOST: Final = 256  # jobs in one transaction: locks are not held for ever
_ATTEMPTS: Final = 8


class Refused(Exception):
    """The law said no, before anything was written: `reason` is for the one who asked, the others go on."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


class Transaction:
    """What a job gets: the connection to write on, and what it may say: the news it makes, the events of the audit."""

    __slots__ = ("connection", "events", "news")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self.news: list[News] = []


def decide(change: Callable[..., R], *facts: object) -> R:
    """The answer of the law, its refusals as `Refused`. To be asked before the job writes."""
    try:
        return change(*facts)
    except Exception as reason:
        raise Refused(reason) from reason


@dataclass(slots=True, eq=False)
class Job:
    """`run` in a transaction; or, where `together` is given, one row for a statement that inserts many."""

    future: "asyncio.Future[Any]"
    run: Callable[[Transaction], object] | None = None
    together: Callable[[Connection, Sequence[Any]], None] | None = None
    row: object = None


class Outcome(NamedTuple):
    """How a job ended: its answer, or the exception for its caller."""

    job: Job
    answer: object = None
    fault: Exception | None = None


class Writer:
    """The thread. `settle` is called in it, with all outcomes of a transaction and its news, after the commit."""

    def __init__(
        self, database: Database, origin: str, settle: Callable[[Sequence[Outcome], Sequence[News]], None]
    ) -> None:
        self._database, self._origin, self._settle = database, origin, settle
        self._engine: Engine = database.writer()
        self._connection: Connection | None = None
        self._jobs: SimpleQueue[Sequence[Job] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="porchlight writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, jobs: Sequence[Job]) -> None:
        self._jobs.put(jobs)

    def stop(self) -> None:
        """Write what is waiting, then let go of the database."""
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._next()
            if batch:
                self._write(batch)
        self._let_go()

    def _next(self) -> tuple[list[Job], bool]:
        """All jobs that wait now, after waiting for the first; False when this was the end."""
        jobs = self._jobs.get()
        batch: list[Job] = []
        try:
            while jobs is not None:
                batch.extend(jobs)
                if len(batch) >= _MOST:
                    return batch, True
                jobs = self._jobs.get_nowait()
        except Empty:
            return batch, True
        return batch, False

    def _write(self, batch: Sequence[Job], attempt: int = 1) -> None:
        try:
            outcomes, news = self._transact(batch)
        except Exception as fault:
            self._after(fault, batch, attempt)
        else:
            self._settle(outcomes, news)

    def _after(self, fault: Exception, batch: Sequence[Job], attempt: int) -> None:
        """A transaction failed and nothing of it is written: try again where there is hope, else say why."""
        if is_lost(fault) and attempt == 1:  # the database was restarted
            self._write(batch, attempt + 1)
        elif isinstance(fault, StorageError) or is_lost(fault):
            self._fail(batch, fault)
        elif len(batch) > 1:
            for job in batch:
                self._write([job])
        elif is_passing(fault) and attempt < _ATTEMPTS:
            time.sleep(random.uniform(0.001, 0.01) * attempt)  # noqa: S311 - so that two servers fall out of step
            self._write(batch, attempt + 1)
        else:
            self._fail(batch, fault)

    def _fail(self, batch: Sequence[Job], fault: Exception) -> None:
        reason = explain(fault, self._database.where)
        self._settle([Outcome(job, fault=reason) for job in batch], [])

    def _transact(self, batch: Sequence[Job]) -> tuple[list[Outcome], list[News]]:
        """Run the jobs in one transaction. A `StorageError` from here concerns all of them alike."""
        connection = self._connection or self._connect()
        transaction = Transaction(connection)
        try:
            scope = self._begin(connection)
            try:
                outcomes = _run(batch, transaction)
                if transaction.events:
                    EVENTS.add_together(connection, transaction.events)
                if transaction.news:
                    self._database.tell(connection, self._origin, transaction.news)
            except BaseException:
                scope.rollback()
                raise
            self._commit(scope)
        except Exception as fault:
            if is_lost(fault) or connection.invalidated:
                self._let_go()
            raise
        return outcomes, transaction.news

    def _connect(self) -> Connection:
        try:
            self._connection = self._engine.connect()
        except Exception as fault:
            raise explain(fault, self._database.where) from fault
        return self._connection

    def _begin(self, connection: Connection) -> RootTransaction:
        try:
            return connection.begin()
        except Exception as fault:
            if is_lost(fault):
                raise
            self._let_go()
            raise explain(fault, self._database.where) from fault

    def _commit(self, scope: RootTransaction) -> None:
        try:
            scope.commit()
        except Exception as fault:
            self._let_go()  # whatever state it is in
            if is_lost(fault):
                raise StorageError(
                    f"the connection to {self._database.where} was lost during a commit: it may or may not be written"
                ) from fault
            raise

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):  # it may be broken, which is why we let go
                connection.close()


def _run(batch: Sequence[Job], transaction: Transaction) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for together, group in groupby(batch, key=lambda job: job.together):
        jobs = list(group)
        if together is None:
            outcomes.extend(_run_one(job, transaction) for job in jobs)
        else:
            together(transaction.connection, [job.row for job in jobs])
            outcomes.extend(Outcome(job) for job in jobs)
    return outcomes


def _run_one(job: Job, transaction: Transaction) -> Outcome:
    try:
        return Outcome(job, answer=job.run(transaction) if job.run else None)
    except Refused as refused:
        return Outcome(job, fault=refused.reason)
