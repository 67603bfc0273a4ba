"""Pending polls a second of `porchlight serve` beside (a): connections kept, a new one each, and no two polls alike."""

from .bare import bare
from .figure import Figure
from .house import serving
from .plan import Plan
from .rivals import Rival, Score, compare, compete

DEVICES = 2_000
BARE, OURS = "a: bare ASGI app", "porchlight serve"
# How the load asks, how the figure calls it, goal, floor.
MODES: tuple[tuple[str, str, float | None, float | None], ...] = (
    ("", "kept connections", 0.90, 0.65),
    ("close", "a new connection each", 0.90, 0.80),
    ("vary", "kept, no two alike", None, None),
)


def run(plan: Plan) -> list[Figure]:
    """2,000 devices whose sign-ins are pending poll in turn, as fast as the server answers."""
    figures = []
    with bare() as floor, serving("--code-for", "1800") as house:
        bodies = house.polls(house.start_sign_ins(DEVICES))
        rivals = [Rival(BARE, floor, "/token", bodies), Rival(OURS, house.server, "/token", bodies)]
        for manner, words, goal, least in MODES:
            plan.say(words)
            figures += _figures(compete(plan, rivals, manner), words, goal, least)
    return figures


def _figures(scores: dict[str, Score], manner: str, goal: float | None, least: float | None) -> list[Figure]:
    rates = [
        Figure(f"{name}, {manner}", score.per_second, "polls/s", note=score.note()) for name, score in scores.items()
    ]
    return [*rates, compare(f"pending polls to (a), {manner}", scores, OURS, BARE, goal, least)]
