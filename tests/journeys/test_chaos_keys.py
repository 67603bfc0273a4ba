"""The signing key is rotated under load: no resource server, ours or another's, refuses one good token meanwhile."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import jwt
import pytest

from server.commands import keys as keys_command
from server.commands import main
from tests.house import Clock, RunningHouse, browser, furnish, open_house
from tests.journeys.test_several_servers import ISSUER
from tests.postgres import Cluster
from tests.waiting import wait_until

BEHIND = 3_600  # seconds: the story is over before the present begins, so that no token is of the future
KEPT_FOR = 300_000  # milliseconds: what our answer tells verifiers to keep a JWK Set for
MINUTES = 45


@pytest.fixture
def pair(postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunningHouse]]:
    """Two servers on one database, whose clock begins an hour ago."""
    url, clock = postgres.database(), Clock()
    clock.advance(-BEHIND)
    monkeypatch.setattr(keys_command, "wall_clock", clock)
    monkeypatch.setenv("PORCHLIGHT_DATABASE_URL", url)
    with ExitStack() as stack:
        both = [stack.enter_context(open_house(tmp_path, database_url=url, issuer=ISSUER, clock=clock)) for _ in "12"]
        furnish(both[0])
        yield both


class Verifier:
    """A resource server that asks one of the two for the JWK Set, no sooner than it was told to."""

    def __init__(self, house: RunningHouse) -> None:
        self.house, self.kept_until = house, 0

    def check(self, token: str) -> str:
        if self.house.clock() >= self.kept_until:
            with browser() as web:
                self.keys = jwt.PyJWKSet.from_dict(web.get(self.house.address + "/jwks", timeout=20).json())
            self.kept_until = self.house.clock() + KEPT_FOR
        kid = jwt.get_unverified_header(token)["kid"]
        ours = {"audience": ISSUER + "/api", "issuer": ISSUER, "options": {"verify_exp": False}}  # by the clock of now
        jwt.decode(token, self.keys[kid], algorithms=["ES256"], **ours)
        return str(kid)


def test_chaos_10_keys_are_rotated_under_load_and_no_verification_fails(
    pair: list[RunningHouse], tmp_path: Path
) -> None:
    """A driver moves the clock through two rotations, while devices refresh and everybody verifies."""
    one, clock, is_over = pair[0], pair[0].clock, threading.Event()
    kids: set[str] = set()
    checks, signed_in = [0] * 4, [pair[number % 2].sign_in() for number in range(4)]

    def device(number: int) -> None:
        house, verifiers = pair[number % 2], [Verifier(each) for each in pair]
        tokens = signed_in[number]
        while not is_over.is_set():
            tokens = house.refresh(tokens).json()
            for each in pair:
                assert each.me(tokens).status_code == 200
            kids.update(verifier.check(tokens["access_token"]) for verifier in verifiers)
            checks[number] += 1

    with ThreadPoolExecutor(4) as crowd:
        devices = [crowd.submit(device, number) for number in range(4)]
        try:
            for minute in range(MINUTES):
                if minute in (3, 20):
                    before = len(one.get("/jwks").json()["keys"])
                    assert main(("keys", "rotate", "--data-dir", str(tmp_path))) == 0
                    wait_until(lambda n=before: all(len(each.get("/jwks").json()["keys"]) > n for each in pair))
                seen = list(checks)
                clock.advance(60)
                wait_until(
                    lambda seen=seen: (
                        any(d.done() for d in devices) or all(a > b for a, b in zip(checks, seen, strict=True))
                    ),
                    60,
                )
        finally:
            is_over.set()
        for each in devices:
            each.result(60)
    assert len(kids) == 3, "each key signed in its time"
    algorithms = [key["alg"] for key in one.get("/jwks").json()["keys"]]
    assert algorithms.count("ES256") == 1 + 1, "the first is published no more; the second until its last token is dead"
