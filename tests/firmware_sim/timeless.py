"""An event loop whose time passes only when nobody has anything to do: ten minutes of waiting take a millisecond."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Waiting(selectors.DefaultSelector):
    """Never waits: it moves the time on by what the loop would have slept."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        assert timeout is not None, "everybody waits for somebody: this would never end"
        self.passed += max(0.0, timeout)
        return []


class TimelessLoop(asyncio.SelectorEventLoop):
    """The loop; `milliseconds` is its time."""

    def __init__(self) -> None:
        self._waiting = _Waiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.passed

    def milliseconds(self) -> int:
        # A timer fires within the clock's resolution of its instant; without this the last step would be cut off.
        return round(self.time() * 1_000)


def run(story: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, in no time."""
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(story)
