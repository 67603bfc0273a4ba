"""Polls as RFC 8628 section 3.5 says and has never heard of held requests."""

from random import Random

from .habit import Habit


class Plain(Habit):
    """The well-behaved device of any server."""

    name = "plain"
    about = "polls every interval as RFC 8628 says"

    def __init__(self, luck: Random) -> None:
        super().__init__(luck)
        self.does_hold = False
