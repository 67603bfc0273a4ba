"""Polls too fast and is deaf to slow_down for a while, then obeys (RFC 8628 section 3.5)."""

from random import Random

from device_agent.flow.steps import Wait

from .habit import Habit

HURRY: tuple[int, int] = (300, 900)


class Impatient(Habit):
    """Its clock runs ahead whenever it should wait: to itself it keeps the pace, to the server it does not."""

    name = "impatient"
    about = "polls too fast, ignores slow_down at first, then obeys"
    thinking = (2_000, 5_000)  # long enough to earn a slow_down or two

    def __init__(self, luck: Random) -> None:
        super().__init__(luck)
        self.does_hold = False
        self._deaf_to = luck.randint(1, 2)

    def rest(self, wait: Wait, gap: int) -> tuple[int, int]:
        if wait.why == "slow_down":
            self._deaf_to -= 1
        if self._deaf_to < 0 or wait.why not in ("pace", "slow_down"):
            return gap, 0  # a server that is away is left alone
        rests_for = min(gap, self.luck.randint(*HURRY))
        return rests_for, gap - rests_for
