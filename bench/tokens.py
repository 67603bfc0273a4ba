"""Tokens issued a second (client credentials) and tokens asked about a second (introspection), beside (a)."""

import json
from dataclasses import replace
from urllib.parse import urlencode

from .bare import bare
from .disk import Disk
from .exchange import exchange
from .figure import Figure
from .house import API_ID, APPS, SECRET, House, request, serving
from .plan import Plan
from .rivals import Rival, compare, compete

PROOF = {"client_id": API_ID, "client_secret": SECRET}
ISSUE = urlencode({"grant_type": "client_credentials", "scope": "readings:read", **PROOF})
TOKENS = 200  # different ones are asked about
BARE, OURS = "a: bare ASGI app", "porchlight serve"
# Name, where the load goes.
WORK: tuple[tuple[str, str], ...] = (("tokens issued", "/token"), ("introspections", "/introspect"))


def run(plan: Plan) -> list[Figure]:
    """A back end authenticates with its secret each time; every token issued is one event of the audit, on the disk."""
    figures: list[Figure] = []
    disk = Disk()
    with bare() as floor, serving(apps=APPS) as house:
        bodies = {"tokens issued": [ISSUE], "introspections": _questions(house)}
        for name, path in WORK:
            rivals = [
                Rival(BARE, floor, path, bodies[name]),
                Rival(OURS, house.server, path, bodies[name], is_refused=False),
            ]
            scores = compete(plan, rivals, each_turn=disk.measure)
            figures += [
                Figure(f"{name}, {rival}", score.per_second, "/s", note=score.note()) for rival, score in scores.items()
            ]
            ratio = compare(f"{name} to (a)", scores, OURS, BARE)
            figures.append(replace(ratio, note=f"{ratio.note}; {disk.note()}"))
    return figures


def _questions(house: House) -> list[str]:
    """Each about a living access token."""
    answers = exchange(house.port, [request(house.port, "/token", ISSUE)] * TOKENS)
    asked = [urlencode({"token": json.loads(body)["access_token"], **PROOF}) for _, body in answers]
    (_, first), *_ = exchange(house.port, [request(house.port, "/introspect", asked[0])])
    if json.loads(first).get("active") is not True:
        raise RuntimeError(f"a token that was just issued is not active: {first!r}")
    return asked
