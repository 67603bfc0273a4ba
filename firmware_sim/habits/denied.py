"""Its person says no: the device hears access_denied and must stop (RFC 8628 section 3.5)."""

from random import Random

from .habit import Habit


class Denied(Habit):
    """Half hold, half poll; both must hear the no and ask nothing more."""

    name = "denied"
    about = "the person says no; it must stop asking"
    ends = "denied"
    decision = "deny"

    def __init__(self, luck: Random) -> None:
        super().__init__(luck)
        self.does_hold = luck.random() < 0.5
