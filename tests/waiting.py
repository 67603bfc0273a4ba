"""Waiting for something to become true, for a bounded time and never longer than it takes."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], object], seconds: float = 5) -> float:
    """Ask again and again; how many seconds it took. Fails when it did not happen in time."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - begun
