"""Refusals on their way into the audit: nobody waits for them, and a flood of strangers is no flood of writes.

Each network has its events in a minute, and so have all together; beyond that they are counted, and the count is one
event. None is dropped in silence: only a process that is killed takes the counts of its last minute along.
"""

import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Final, Protocol

from server.oauth.event import Audit, Event, Origin, happened
from server.oauth.guess import network
from server.oauth.store import StorageError

MINUTE: Final = 60_000
PER_NETWORK: Final = 20  # events in a minute, one by one
IN_ALL: Final = 600
NETWORKS: Final = 1_000  # counted apart; the rest together
MOST_WAITING: Final = 5_000
ELSEWHERE: Final = "other networks"
_log = logging.getLogger(__name__)


class DoLater(Protocol):
    def __call__(self, work: Coroutine[object, object, None]) -> None: ...


class Refusals:
    """`do_later` runs what is to be done in the background."""

    def __init__(self, audit: Audit, do_later: DoLater) -> None:
        self._audit, self._do_later = audit, do_later
        self._minute = 0
        self._written: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()
        self._waiting: list[Event] = []
        self._is_writing = False

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits to be written."""
        return not (self._waiting or self._is_writing)

    def note(self, event: Event) -> bool:
        """Have it written soon, or counted: whether it is one of those that are told one by one."""
        self._turn(event.at)
        where = network(event.address)
        is_within = self._written[where] < PER_NETWORK and self._written.total() < IN_ALL
        if is_within and len(self._waiting) < MOST_WAITING:
            self._written[where] += 1
            self._waiting.append(event)
            self._begin()
            return True
        self._count(where, event.times)
        return False

    def sweep(self, now: int) -> None:
        """Write the counts of a minute that is over."""
        self._turn(now)
        self._begin()

    async def finish(self, now: int) -> None:
        """Write all there is: the house is closing."""
        self._tell(now)
        try:
            await self._write()
        except StorageError as error:
            _log.error("the last refusals could not be written: %s", error)

    def _turn(self, now: int) -> None:
        if now // MINUTE != self._minute:
            self._tell(now)
            self._minute = now // MINUTE
            self._written.clear()

    def _tell(self, now: int) -> None:
        """Make an event of each count."""
        for where, times in self._counted.items():
            told = happened("refused", "stranger", now, Origin(where), detail="counted, not written one by one")
            self._waiting.append(told.many(times))
        self._counted.clear()

    def _count(self, where: str, times: int) -> None:
        is_known = where in self._counted or len(self._counted) < NETWORKS
        self._counted[where if is_known else ELSEWHERE] += times

    def _begin(self) -> None:
        if self._waiting and not self._is_writing:
            self._is_writing = True
            self._do_later(self._write_on())

    async def _write_on(self) -> None:
        try:
            await self._write()
        finally:
            self._is_writing = False

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._audit.record(batch)
            except StorageError:
                for event in batch:
                    self._count(network(event.address), event.times)
                raise
