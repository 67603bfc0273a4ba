"""How fast a device may ask: the polling interval and the back-off (RFC 8628 sections 3.2 and 3.5)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_INTERVAL = 5_000  # section 3.2: no `interval` means 5 seconds
SLOW_DOWN_STEP = 5_000  # section 3.5: 5 seconds more for each slow_down, for the rest of the code's life
LONGEST = 60_000  # growth stops here, or a server that never forgives would silence the device until expiry


class Pace:
    """The interval in force and the growing gap after lost requests. All in milliseconds.

    `jitter(gap)` returns the extra milliseconds to add to a back-off gap, so that a fleet that lost its server at the
    same instant does not come back at the same instant; whatever it returns, the gap never gets shorter.
    """

    def __init__(self, interval: int = DEFAULT_INTERVAL, jitter: "Callable[[int], int] | None" = None) -> None:
        self.interval = interval
        self._jitter = jitter
        self._gap = 0

    def set_interval(self, interval: int) -> None:
        """Adopt the interval of a new code and forget the old one's penalties."""
        self.interval = interval
        self._gap = 0

    def steady(self) -> int:
        """The server answered: the back-off is over. Returns the interval; slow_down's growth stays."""
        self._gap = 0
        return self.interval

    def slow_down(self, suggested: int) -> int:
        """Grow for good by 5 s, or to the larger interval the server names. Returns the new interval."""
        grown = max(self.interval + SLOW_DOWN_STEP, suggested)
        self.interval = max(self.interval, min(grown, LONGEST))
        return self.steady()

    def back_off(self, at_least: int = 0) -> int:
        """A request was lost: twice the last gap (plus jitter), never under the interval or `at_least`."""
        self._gap = max(self.interval, min(2 * max(self._gap, self.interval), LONGEST))
        gap = self._gap
        if self._jitter is not None:
            gap += max(0, int(self._jitter(gap)))
        return max(gap, at_least)
