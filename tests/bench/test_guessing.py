"""The simulated guesser: how many tries are looked at, and whether hits come as often as computed."""

import asyncio

from bench.guessing import KNOWN, TRIES, attack
from server.settings import Settings


def test_dev_33_of_ten_thousand_guesses_from_a_thousand_networks_a_thousand_are_looked_at() -> None:
    whole = asyncio.run(attack(1))
    assert (whole.tries, whole.looked_at) == (TRIES, Settings().tries_per_service)
    assert whole.hits == 0
    assert whole.chance(0) < 4e-5


def test_dev_33_hits_are_as_rare_as_computed() -> None:
    """With half of every code known there are hits to count: three times six are expected."""
    runs = [asyncio.run(attack(seed, KNOWN)) for seed in (1, 2, 3)]
    seen, expected = sum(run.hits for run in runs), sum(run.expected(len(KNOWN)) for run in runs)
    assert 18 < expected < 20
    assert abs(seen - expected) < 4 * expected**0.5
