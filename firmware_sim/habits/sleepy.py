"""Its clock jumps: a nap while a request is under way, a correction backwards, a sleep past the end of the code."""

from random import Random

from device_agent.flow.steps import Stop

from .habit import Habit

NAP: tuple[int, int] = (10_000, 120_000)
CORRECTION: tuple[int, int] = (-2_000, -100)
DEEP_SLEEP = 2 * 3_600_000


class Sleepy(Habit):
    """Naps and corrections, three at most; one device in four sleeps past the end of its first code and is asked for a
    new one."""

    name = "sleepy"
    about = "its clock jumps ahead, back, and past the code's end"

    def __init__(self, luck: Random) -> None:
        super().__init__(luck)
        self.does_hold = luck.random() < 0.5
        self._jumps = luck.randint(1, 3)
        self._oversleeps = luck.random() < 0.25
        self._new_codes = 1 + self._jumps  # a nap can outlast a code whose life is short

    def drift(self) -> int:
        if self._jumps <= 0:
            return 0
        self._jumps -= 1
        return self.luck.randint(*(NAP if self.luck.random() < 0.5 else CORRECTION))

    def oversleeps(self) -> int:
        oversleeps, self._oversleeps = self._oversleeps, False
        return DEEP_SLEEP if oversleeps else 0

    def begins_again(self, stop: Stop, *, is_answer_lost: bool) -> bool:
        if stop.reason != "expired" or not self._new_codes:
            return super().begins_again(stop, is_answer_lost=is_answer_lost)
        self._new_codes -= 1
        return True
