"""What one network, or one caller by its name, may ask of this server in ten minutes."""

from typing import Final

from server.oauth.guess import network

WINDOW: Final = 600_000
MOST: Final = 100_000


class Shares:
    """Counts by network, in memory: a restart forgives."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: dict[str, tuple[int, int]] = {}

    def take(self, address: str, now: int) -> int:
        """Take one: 0, or the milliseconds until there is room again."""
        where = network(address)
        taken, since = self._taken.get(where, (0, now))
        if not abs(now - since) < WINDOW:
            taken, since = 0, now
        if taken >= self._limit:
            return since + WINDOW - now
        if len(self._taken) >= MOST:
            self._taken.pop(next(iter(self._taken)))
        self._taken[where] = (taken + 1, since)
        return 0

    def give_back(self, address: str) -> None:
        """What was taken last was none of what is counted."""
        where = network(address)
        taken, since = self._taken.get(where, (0, 0))
        if taken:
            self._taken[where] = (taken - 1, since)

    def sweep(self, now: int) -> None:
        """Forget the windows that are over."""
        self._taken = {where: kept for where, kept in self._taken.items() if abs(now - kept[1]) < WINDOW}
