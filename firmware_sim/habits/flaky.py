"""Its network loses requests: nothing goes out, the connection breaks, or the answer never arrives.

When the lost answer held the tokens, the code is spent and nothing was received: the next poll is refused, the report
counts a lost answer, and the person asks the device for a new code (field notes: a lost 200 is nobody's fault).
"""

from random import Random
from typing import Final

from device_agent.flow.steps import Send, Stop

from .habit import Fate, Habit

MISFORTUNES: Final[tuple[Fate, ...]] = ("unsent", "cut", "dropped")


class Flaky(Habit):
    """One or two requests come to grief; half of the devices hold, half poll."""

    name = "flaky"
    about = "loses requests and answers, and tries again"

    def __init__(self, luck: Random) -> None:
        super().__init__(luck)
        self.does_hold = luck.random() < 0.5
        self._misfortunes = luck.randint(1, 2)
        self._new_codes = self._misfortunes  # each can cost one code, no more

    def fate(self, send: Send) -> Fate:
        if not self._misfortunes or self.luck.random() < 0.5:
            return "good"
        self._misfortunes -= 1
        return self.luck.choice(MISFORTUNES)

    def begins_again(self, stop: Stop, *, is_answer_lost: bool) -> bool:
        if not is_answer_lost or not self._new_codes:
            return super().begins_again(stop, is_answer_lost=is_answer_lost)
        self._new_codes -= 1
        return True
