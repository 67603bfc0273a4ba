"""A device's own clock: whole milliseconds since anything, which may jump. The flow sees no other."""

import time
from collections.abc import Callable


def steady() -> int:
    """The simulator's own clock, in milliseconds; it never jumps."""
    return time.monotonic_ns() // 1_000_000


class Clock:
    """`offset` ahead of `true_now` (milliseconds), and further with each jump."""

    def __init__(self, offset: int = 0, true_now: Callable[[], int] = steady) -> None:
        self._offset = offset
        self._true_now = true_now

    def now(self) -> int:
        """What this clock shows."""
        return self._true_now() + self._offset

    def jump(self, ahead_for: int) -> None:
        """Set the clock ahead, or back when negative."""
        self._offset += ahead_for
