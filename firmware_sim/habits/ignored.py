"""Nobody decides: the code expires and the device stops by itself (RFC 8628 section 3.5). Needs a short-lived code."""

from random import Random

from .habit import Habit


class Ignored(Habit):
    """Half hold, half poll, until the end."""

    name = "ignored"
    about = "nobody decides; the code must expire (needs a short code_for)"
    ends = "expired"
    decision = ""

    def __init__(self, luck: Random) -> None:
        super().__init__(luck)
        self.does_hold = luck.random() < 0.5
