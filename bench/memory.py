"""Resident memory of `porchlight serve`: at rest, and with 100,000 sign-ins in progress that have all been polled."""

from .exchange import exchange
from .figure import Figure
from .house import House, request, serving
from .plan import Plan
from .process import settle

REST_GOAL, REST_FLOOR = 65, 80
GROWTH_GOAL = 200 / 1.048576  # 200 MB in MiB


def run(plan: Plan) -> list[Figure]:
    """At rest: started on a data folder that exists, all on, nobody there."""
    with serving(is_fresh=True) as house:
        first = settle(house.server)
    with serving("--code-for", "1800") as house:
        rest = settle(house.server)
        return [
            Figure("resident at rest", rest, "MiB", REST_GOAL, REST_FLOOR, is_less_better=True),
            Figure("resident at rest, first start on an empty folder", first, "MiB", note="it makes the tables"),
            _growth(plan, house, rest),
        ]


def _growth(plan: Plan, house: House, rest: float) -> Figure:
    count = plan.pick(100_000, 10_000)
    plan.say(f"starting {count:,} sign-ins")
    bodies = house.polls(house.start_sign_ins(count, 32))
    started = house.server.resident_mib()
    plan.say(f"polling {count:,} sign-ins once")
    answers = exchange(house.port, [request(house.port, "/token", body) for body in bodies], 32)
    pending = sum(status == 400 and b"authorization_pending" in body for status, body in answers)
    if pending != count:
        raise RuntimeError(f"only {pending:,} of {count:,} polls were answered as pending")
    growth = settle(house.server) - rest
    note = f"{started - rest:.0f} MiB before the polls; {growth * 1_048_576 / count:,.0f} bytes each"
    goal = GROWTH_GOAL * count / 100_000
    return Figure(f"more at {count:,} sign-ins in progress", growth, "MiB", goal, is_less_better=True, note=note)
