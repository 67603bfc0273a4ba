"""Pending polls a second of `porchlight serve` beside (a), on kept connections and with a new one for each poll."""

from .bare import bare
from .figure import Figure
from .house import serving
from .plan import Plan
from .rivals import Rival, Score, compare, compete

DEVICES = 2_000
BARE, OURS = "a: bare ASGI app", "porchlight serve"
# Whether each poll takes a new connection, how the figure calls it, goal, floor.
MODES = ((False, "kept connections", 0.90, 0.65), (True, "a new connection each", 0.90, 0.80))


def run(plan: Plan) -> list[Figure]:
    """2,000 devices whose sign-ins are pending poll in turn, as fast as the server answers."""
    figures = []
    with bare() as floor, serving("--code-for", "1800") as house:
        bodies = house.polls(house.start_sign_ins(DEVICES))
        rivals = [Rival(BARE, floor, "/token", bodies), Rival(OURS, house.server, "/token", bodies)]
        for is_new_each, manner, goal, least in MODES:
            plan.say(manner)
            scores = compete(plan, rivals, is_new_each=is_new_each)
            figures += _figures(scores, manner, goal, least)
    return figures


def _figures(scores: dict[str, Score], manner: str, goal: float, least: float) -> list[Figure]:
    rates = [
        Figure(f"{name}, {manner}", score.per_second, "polls/s", note=score.note()) for name, score in scores.items()
    ]
    return [*rates, compare(f"pending polls to (a), {manner}", scores, OURS, BARE, goal, least)]
