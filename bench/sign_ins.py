"""Sign-ins started a second, each on the disk before it is answered, beside (a)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from urllib.parse import urlencode

from .bare import bare
from .disk import Disk
from .figure import Figure
from .house import CLIENT_ID, serving
from .plan import Plan
from .rivals import Rival, compare, compete

BODY = urlencode({"client_id": CLIENT_ID, "scope": "profile", "device_name": "Bench TV"})
# One loopback address begins them all, and none is ever decided.
ROOM = ("--max-sign-ins", "2000000", "--sign-ins-per-network", "2000000")
BARE, SQLITE, POSTGRES = "a: bare ASGI app", "on SQLite", "on PostgreSQL"


def run(plan: Plan) -> list[Figure]:
    """Devices ask for codes as fast as the server hands them out; SQLite syncs the disk before every answer."""
    with ExitStack() as open_until_the_end:
        floor = open_until_the_end.enter_context(bare())
        house = open_until_the_end.enter_context(serving(*ROOM))
        path = "/device_authorization"
        rivals = [Rival(BARE, floor, path, [BODY]), Rival(SQLITE, house.server, path, [BODY], is_refused=False)]
        database_url = open_until_the_end.enter_context(_postgres(plan))
        if database_url:
            other = open_until_the_end.enter_context(serving(*ROOM, database_url=database_url))
            rivals.append(Rival(POSTGRES, other.server, path, [BODY], is_refused=False))
        disk = Disk()
        scores = compete(plan, rivals, each_turn=disk.measure)
    figures = [Figure(f"sign-ins, {name}", score.per_second, "/s", note=score.note()) for name, score in scores.items()]
    ratio = compare("sign-ins on SQLite to (a)", scores, SQLITE, BARE, 0.20, 0.14)
    figures.append(replace(ratio, note=f"{ratio.note}; {disk.note()}"))
    if POSTGRES in scores:
        figures.append(compare("sign-ins on PostgreSQL (itself on the load's core) to (a)", scores, POSTGRES, BARE))
    return figures


@contextmanager
def _postgres(plan: Plan) -> Iterator[str]:
    """The URL of a new database on a PostgreSQL of our own; "" where the program is not installed."""
    from tests.needs import NEEDS, find

    if not all(find(need) for need in NEEDS if need.name in ("postgres", "initdb")):
        plan.say("PostgreSQL is not installed: left out")
        yield ""
        return
    from tests.postgres import Cluster

    cluster = Cluster()
    try:
        yield cluster.database()
    finally:
        cluster.remove()
