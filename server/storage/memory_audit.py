"""The events of the audit in the memory of one process."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from server.oauth.event import Event, Recorded, Sought


class MemoryAudit:
    """`server.oauth.event.Audit` without a database."""

    def __init__(self) -> None:
        super().__init__()
        self._events: deque[Recorded] = deque()
        self._numbered = 0

    def _write(self, events: Sequence[Event]) -> None:
        for event in events:
            self._numbered += 1
            self._events.append(Recorded(self._numbered, event))

    async def record(self, events: Sequence[Event]) -> None:
        self._write(events)

    async def last_event(self) -> int:
        return self._numbered

    async def events(self, sought: Sought, limit: int) -> Sequence[Recorded]:
        return list(islice((each for each in reversed(self._events) if sought.is_met(each.event)), limit))

    async def events_after(self, number: int, limit: int) -> Sequence[Recorded]:
        return list(islice((each for each in self._events if each.number > number), limit))

    def _forget_events(self, before: int, most: int) -> int:
        """Drop at most `most` events of this moment and earlier; how many were dropped."""
        dropped = 0
        while dropped < most and self._events and self._events[0].event.at <= before:
            self._events.popleft()
            dropped += 1
        return dropped
