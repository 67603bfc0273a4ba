"""Pending polls a second beside node-oidc-provider and Authlib, which keep all in memory and nothing on a disk."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from .exchange import exchange
from .figure import Figure
from .house import CLIENT_ID, poll_body, request, serving
from .plan import Plan
from .process import running
from .rivals import Rival, Score, compare, compete
from .throwaway import authlib_peer, node_peer

DEVICES = 500
OURS = "porchlight serve (durable, with MQTT)"
# Name, the environment it runs in, goal and floor of ours to theirs.
PEERS: tuple[tuple[str, Callable[[], AbstractContextManager[Sequence[str]]], float, float], ...] = (
    ("node-oidc-provider", node_peer, 6, 4),
    ("Authlib on Flask", authlib_peer, 13, 9),
)


def run(plan: Plan) -> list[Figure]:
    """The same devices poll each in turns. Ours does in the same run all that production needs; theirs need not."""
    with ExitStack() as open_until_the_end:
        house = open_until_the_end.enter_context(serving("--code-for", "1800"))
        ours = house.polls(house.start_sign_ins(DEVICES))
        rivals = [Rival(OURS, house.server, "/token", ours)]
        for name, environment, _, _ in PEERS:
            plan.say(f"installing {name} in a throw-away folder")
            argv = open_until_the_end.enter_context(environment())
            rivals.append(open_until_the_end.enter_context(_peer(name, argv)))
        scores = compete(plan, rivals)
        memory = {rival.name: rival.server.resident_mib() for rival in rivals}
    return [*_rates(scores, memory), *_ratios(scores)]


@contextmanager
def _peer(name: str, argv: Sequence[str]) -> Iterator[Rival]:
    """A peer that runs, with sign-ins started on it."""
    with TemporaryDirectory(prefix="porchlight-bench-") as folder, running(argv, Path(folder, "log")) as server:
        ready = json.loads(server.ready)
        server.port = ready["port"]
        start = request(server.port, ready["device_authorization"], urlencode({"client_id": CLIENT_ID}))
        answers = exchange(server.port, [start] * DEVICES)
        codes = [json.loads(body)["device_code"] for _, body in answers]
        yield Rival(name, server, ready["token"], [poll_body(code) for code in codes])


def _rates(scores: dict[str, Score], memory: dict[str, float]) -> Iterator[Figure]:
    for name, score in scores.items():
        note = f"{score.note()}; {memory[name]:.0f} MiB"
        yield Figure(f"pending polls, {name}", score.per_second, "polls/s", note=note)


def _ratios(scores: dict[str, Score]) -> Iterator[Figure]:
    for name, _, goal, floor in PEERS:
        yield compare(f"pending polls to {name}", scores, OURS, name, goal, floor)
