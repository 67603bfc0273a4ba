"""What falls due when: a heap of callbacks over a clock that somebody else reads."""

import heapq
from collections.abc import Callable


class Entry:
    """Something due; `cancel` forgets it."""

    __slots__ = ("at", "callback", "number")

    def __init__(self, at: int, number: int, callback: Callable[[], None]) -> None:
        self.at = at
        self.number = number
        self.callback: Callable[[], None] | None = callback

    def __lt__(self, other: "Entry") -> bool:
        return (self.at, self.number) < (other.at, other.number)

    def cancel(self) -> None:
        """Never call it; what it held is let go at once."""
        self.callback = None


class Agenda:
    """Instants in milliseconds of one clock."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, at: int, callback: Callable[[], None]) -> Entry:
        """Call `callback` once `run` is told an instant of `at` or later."""
        self._number += 1
        entry = Entry(at, self._number, callback)
        heapq.heappush(self._heap, entry)
        if self._number % 4096 == 0:
            self._forget_cancelled()
        return entry

    def run(self, now: int) -> None:
        """Call everything due, in order; what is put meanwhile and already due waits for the next run."""
        last = self._number
        later = []
        try:
            while self._heap and self._heap[0].at <= now:
                entry = heapq.heappop(self._heap)
                if entry.number > last:
                    later.append(entry)
                elif entry.callback is not None:
                    entry.callback()
        finally:
            for entry in later:
                heapq.heappush(self._heap, entry)

    def _forget_cancelled(self) -> None:
        """Devices that come and go leave cancelled entries behind, far in the future."""
        self._heap = [entry for entry in self._heap if entry.callback is not None]
        heapq.heapify(self._heap)
