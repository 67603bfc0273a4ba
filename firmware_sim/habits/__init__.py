"""One file per bad habit of real devices, and the explicit table of them."""

from typing import Final

from .denied import Denied
from .flaky import Flaky
from .forgetful import Forgetful
from .habit import Habit
from .ignored import Ignored
from .impatient import Impatient
from .patient import Patient
from .plain import Plain
from .sleepy import Sleepy

HABITS: Final[tuple[type[Habit], ...]] = (Patient, Plain, Impatient, Flaky, Forgetful, Denied, Sleepy, Ignored)
BY_NAME: Final = {habit.name: habit for habit in HABITS}
