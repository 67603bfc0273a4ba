"""What a habit may bend: waiting, the clock, the road, memory, and what the person says. As it stands: nothing bent."""

from random import Random
from typing import ClassVar, Literal

from device_agent.flow.steps import Send, Stop, Wait

End = Literal["signed_in", "denied", "expired", "failed"]
Fate = Literal["good", "unsent", "cut", "dropped"]
Moment = Literal["shown", "told", "signed_in"]


class Habit:
    """The habit of one device; `luck` is this device's own. `ends` is how a device of this habit must end.

    `decision` is what its person does: approve, deny, or "" for nobody at all. `does_hold` says whether it asks the
    server to hold its requests. Durations are milliseconds.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    ends: ClassVar[End] = "signed_in"
    decision: ClassVar[str] = "approve"
    thinking: ClassVar[tuple[int, int]] = (200, 2_000)

    def __init__(self, luck: Random) -> None:
        self.luck = luck
        self.does_hold = True
        self._presses = 3  # how often the person tries again when the server could not be reached

    def thinks_for(self) -> int:
        """How long the person looks at the code before doing anything."""
        return self.luck.randint(*self.thinking)

    def rest(self, wait: Wait, gap: int) -> tuple[int, int]:
        """How long the device really rests when told to wait for `gap`, and how far its clock runs ahead meanwhile."""
        return gap, 0

    def drift(self) -> int:
        """How far the clock jumps while a request is under way; negative is backwards."""
        return 0

    def oversleeps(self) -> int:
        """How far the clock jumps with a fresh code on the screen."""
        return 0

    def fate(self, send: Send) -> Fate:
        """What becomes of a request: good, unsent, cut (the connection breaks), dropped (the answer is lost)."""
        return "good"

    def forgets(self, moment: Moment) -> bool:
        """Whether the device restarts now: code shown, person told of it, or signed in (with the kept token only)."""
        return False

    def begins_again(self, stop: Stop, *, is_answer_lost: bool) -> bool:
        """Whether the person asks the device for a new code after this end. Bounded by the habit itself."""
        if stop.reason not in ("unreachable", "busy") or not self._presses:
            return False
        self._presses -= 1
        return True
