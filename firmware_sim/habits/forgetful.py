"""Restarts: before the person has decided it begins again with nothing, once signed in with its refresh token only."""

from random import Random

from .habit import Habit, Moment


class Forgetful(Habit):
    """Loses its memory once with the code on the screen (told or not: an approved code nobody collects), and once more
    after the sign-in, when the token file is all that is left."""

    name = "forgetful"
    about = "restarts: begins again, later uses the refresh token it kept"

    def __init__(self, luck: Random) -> None:
        super().__init__(luck)
        self._due: set[Moment] = {luck.choice(("shown", "told")), "signed_in"}

    def forgets(self, moment: Moment) -> bool:
        if moment not in self._due:
            return False
        self._due.remove(moment)
        return True
