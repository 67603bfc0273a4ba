"""Several servers under the same load, in turns, so that whatever else the machine does meets all of them alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .figure import Figure, number
from .plan import Plan, middle, spread
from .process import Server
from .wrk import Load, load


@dataclass(frozen=True, slots=True)
class Rival:
    """One candidate: its server, where the load goes, the bodies that are sent in turn, and the status they get."""

    name: str
    server: Server
    path: str
    bodies: Sequence[str]
    is_refused: bool = True  # whether the right answer is an error: a pending poll is a 400


@dataclass(frozen=True, slots=True)
class Score:
    """The medians of one candidate's rounds, and what its answers were."""

    loads: Sequence[Load]
    seen: dict[str, int]

    @property
    def per_second(self) -> float:
        return middle(each.per_second for each in self.loads)

    def note(self) -> str:
        """Latencies, processor time and answers in words."""
        p50, p99 = (middle(getattr(each, name) for each in self.loads) for name in ("p50", "p99"))
        cpu = middle(each.cpu_us for each in self.loads)
        answers = ", ".join(f"{count:,} x {what.strip()}" for what, count in sorted(self.seen.items()))
        return f"p50 {p50:.2f} / p99 {p99:.2f} ms, {cpu:.0f} us CPU; looked at: {answers}"


def compete(
    plan: Plan, rivals: Sequence[Rival], manner: str = "", each_turn: Callable[[], None] = lambda: None
) -> dict[str, Score]:
    """Warm each up while looking at its answers, then load all in turns. Raises `RuntimeError` for wrong answers.

    `each_turn` is done before each round.
    """
    seen = {}
    for rival in rivals:
        plan.say(f"looking at the answers of {rival.name}")
        seen[rival.name] = load(rival.server, rival.path, rival.bodies, 2, manner, looks=True).seen
    loads: dict[str, list[Load]] = {rival.name: [] for rival in rivals}
    for turn in range(plan.rounds):
        each_turn()
        for rival in rivals:
            found = load(rival.server, rival.path, rival.bodies, plan.seconds, manner)
            check(rival, found)
            loads[rival.name].append(found)
            plan.say(f"round {turn + 1}/{plan.rounds}: {rival.name} {found.per_second:,.0f}/s")
    return {name: Score(each, seen[name]) for name, each in loads.items()}


def compare(
    what: str, scores: dict[str, Score], ours: str, theirs: str, goal: float | None = None, floor: float | None = None
) -> Figure:
    """Ours to theirs, round by round; the median counts.

    The note has the spread, and the same by processor time, which others on the machine disturb less.
    """
    pairs = list(zip(scores[ours].loads, scores[theirs].loads, strict=True))
    rates = [one.per_second / other.per_second for one, other in pairs]
    by_cpu = middle(other.cpu_us / one.cpu_us for one, other in pairs)
    return Figure(what, middle(rates), "x", goal, floor, note=f"{spread(rates)}; by processor time {number(by_cpu)} x")


def check(rival: Rival, found: Load) -> None:
    """A 500 is fast too: raises `RuntimeError` unless every answer of the load was of the right kind."""
    wrong = found.requests - found.refused if rival.is_refused else found.refused
    if wrong > 0 or found.lost > 0:
        raise RuntimeError(f"{rival.name}: {wrong} wrong and {found.lost} lost of {found.requests} answers")
