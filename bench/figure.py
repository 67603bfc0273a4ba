"""One figure: what was measured, and whether it reaches its goal or at least its floor."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`what` in words, `value` in `unit`. Without a goal it is there to be read, not judged.

    `is_less_better` says which way the goal lies. `note` is what else belongs to the figure: the answers, the spread.
    """

    what: str
    value: float
    unit: str = ""
    goal: float | None = None
    floor: float | None = None
    is_less_better: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        """`goal`, `floor`, `missed`; "" where there is nothing to reach."""
        if self.goal is None:
            return ""
        if self._reaches(self.goal):
            return "goal"
        return "floor" if self.floor is not None and self._reaches(self.floor) else "missed"

    def _reaches(self, mark: float) -> bool:
        return self.value <= mark if self.is_less_better else self.value >= mark

    def shown(self) -> str:
        """The value with three digits that count, and its unit."""
        return f"{number(self.value)} {self.unit}".strip()

    @staticmethod
    def mark(value: float | None) -> str:
        """A goal or a floor as people read it; "" for none."""
        return "" if value is None else number(value)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"verdict": self.verdict}

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> "Figure":
        """What `as_json` wrote."""
        return cls(**{name: value for name, value in members.items() if name != "verdict"})


def number(value: float) -> str:
    """A number as people read it: `34,526`, `12.3`, `0.974`."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
