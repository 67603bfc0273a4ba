"""Whole flows a second: refreshes, apps' code flows, devices' sign-ins; beside (a), asked for as many answers."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import uvloop

from .bare import bare
from .disk import Disk
from .errands import Errand, Refresher, code_flow, device, sign_in
from .figure import Figure
from .house import APPS, House, serving
from .plan import Plan, percentile
from .process import Server
from .rivals import Score, compare
from .wire import Wire
from .wrk import Load, load

# Everybody lives behind the one address of the loopback. Wrong guesses are limited as ever: nobody guesses.
ROOM = ("--requests-per-network", "1000000")
BARE = "a: bare ASGI app"
PEOPLE = 8  # at once: fewer than the tries of one account, for a look at a code takes one until it was right
APPS_AT_ONCE = 32
# Name, how many requests it takes, how many in a round, in a quick one.
FLOWS: tuple[tuple[str, int, int, int], ...] = (
    ("refreshes", 1, 4_000, 500),
    ("code flows", 4, 600, 100),
    ("devices signed in", 5, 400, 80),
)


def run(plan: Plan) -> list[Figure]:
    """In turns with the bare server. Each flow is done one after another on its own connection, many at once."""
    with (
        bare() as floor,
        serving(*ROOM, apps=APPS) as house,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop,
    ):
        crews = loop.run(_crews(plan, house))
        disk = Disk()
        loads: dict[str, list[Load]] = {name: [] for name in crews}
        least: list[Load] = []
        for name, crew in crews.items():
            loop.run(_work(house.server, crew, len(crew)))  # once each, not counted
            plan.say(f"{name}: every answer is right")
        for turn in range(plan.rounds):
            disk.measure()
            least.append(load(floor, "/token", ["grant_type=none"], plan.seconds))
            for name, _, thorough, quick in FLOWS:
                found = loop.run(_work(house.server, crews[name], plan.pick(thorough, quick)))
                loads[name].append(found)
                plan.say(f"round {turn + 1}/{plan.rounds}: {name} {found.per_second:,.0f}/s")
        for crew in crews.values():
            for wire, _ in crew:
                wire.close()
    return [figure for name, size, *_ in FLOWS for figure in _figures(name, size, loads[name], least, disk)]


async def _crews(plan: Plan, house: House) -> dict[str, list[tuple[Wire, Errand]]]:
    """Who does what: people who are signed in, and apps that are."""
    plan.say(f"{PEOPLE} people sign in, {APPS_AT_ONCE} apps")
    people = [Wire(house.port) for _ in range(PEOPLE)]
    for wire in people:
        await sign_in(wire)
    tokens = [(await code_flow(people[0]))["refresh_token"] for _ in range(APPS_AT_ONCE)]
    return {
        "refreshes": [(Wire(house.port), Refresher(token)) for token in tokens],
        "code flows": [(wire, code_flow) for wire in people],
        "devices signed in": [(wire, device) for wire in people],
    }


async def _work(server: Server, crew: Sequence[tuple[Wire, Errand]], count: int) -> Load:
    """So many errands, shared by the crew. One wrong answer raises `RuntimeError`."""
    left = iter(range(count))
    took: list[float] = []

    async def one_after_another(wire: Wire, errand: Errand) -> None:
        for _ in left:
            began = time.perf_counter()
            await errand(wire)
            took.append((time.perf_counter() - began) * 1_000)

    before, began = server.cpu_seconds(), time.perf_counter()
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        for wire, errand in crew:
            group.create_task(one_after_another(wire, errand))
    seconds, used = time.perf_counter() - began, server.cpu_seconds() - before
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    return Load(count / seconds, count, p50, p99, 0, 0, used * 1e6 / count, {})


def _figures(name: str, size: int, loads: Sequence[Load], least: Sequence[Load], disk: Disk) -> list[Figure]:
    ours = Score(loads, {f"flow with {size} right answer{'s' * (size > 1)}": sum(each.requests for each in loads)})
    bare_flows = [replace(each, per_second=each.per_second / size, cpu_us=each.cpu_us * size) for each in least]
    scores = {name: ours, BARE: Score(bare_flows, {})}
    ratio = compare(f"{name} to (a), {size} answer{'s' * (size > 1)} each", scores, name, BARE)
    rate = Figure(name, ours.per_second, "/s", note=ours.note())
    return [rate, replace(ratio, note=f"{ratio.note}; {disk.note()}")]
