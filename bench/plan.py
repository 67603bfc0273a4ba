"""How thorough a run is, and where it says what it is doing."""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class Plan:
    """`say` takes a line about what is being done, for people to watch."""

    is_quick: bool
    say: Callable[[str], None]

    def pick(self, thorough: Choice, quick: Choice) -> Choice:
        return quick if self.is_quick else thorough

    @property
    def rounds(self) -> int:
        """How often each measurement is repeated; the median counts."""
        return self.pick(5, 3)

    @property
    def seconds(self) -> int:
        """How long one load lasts."""
        return self.pick(5, 2)


class Missing(Exception):
    """A program that a benchmark needs is not here; the message says how to get it."""


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of all values does not exceed (nearest rank). Raises `ValueError` without values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("there is nothing to rank")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Iterable[float]) -> str:
    """The lowest and the highest in words."""
    values = list(values)
    return f"{min(values):,.3g} to {max(values):,.3g}"


def middle(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)
