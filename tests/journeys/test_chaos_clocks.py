"""Two servers on one database whose clocks differ by a minute: a sign-in goes from one to the other all the same."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conformance.wire import StoppedClock
from tests.house import Phone, RunningHouse, furnish, open_house
from tests.journeys.test_chaos import WAITING, error_of
from tests.journeys.test_several_servers import ISSUER
from tests.postgres import Cluster
from tests.waiting import wait_until

APART = 60


@pytest.fixture
def pair(postgres: Cluster, tmp_path: Path) -> Iterator[tuple[RunningHouse, RunningHouse]]:
    """Each with a clock of its own."""
    url = postgres.database()
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(open_house(tmp_path, database_url=url, issuer=ISSUER, clock=StoppedClock()))
            for _ in "12"
        )
        yield furnish(one), two


@pytest.mark.parametrize("step", [APART, -APART])
@pytest.mark.parametrize("is_behind", [False, True], ids=["began here", "began there"])
def test_chaos_08_servers_whose_clocks_differ_agree_on_everything(
    pair: tuple[RunningHouse, RunningHouse], step: int, is_behind: bool
) -> None:
    near, far = pair[::-1] if is_behind else pair
    pending, denied, approved = (near.begin() for _ in "123")
    far.clock.advance(step)
    here, there = Phone(near), Phone(far)
    for started in (pending, denied):
        assert error_of(far.poll(started)) == "authorization_pending"
    there.approve(approved)
    there.deny(denied)
    for house in (near, far):
        wait_until(lambda house=house: error_of(house.poll(denied)) == "access_denied")
    wait_until(lambda: near.poll(approved).status_code == 200)
    assert error_of(far.poll(approved)) == "invalid_grant"
    here.approve(pending)
    tokens = {}
    wait_until(lambda: tokens.update(far.poll(pending).json()) or "access_token" in tokens)
    for house in (near, far):
        assert house.me(tokens).status_code == 200, "a token of the other's present is good"
    fresh = near.refresh(tokens).json()
    assert error_of(far.refresh(tokens)) == "invalid_grant", "a spent token is spent by any clock"
    for house in (near, far):
        wait_until(lambda house=house: house.me(fresh).status_code == 401)
        assert error_of(house.refresh(fresh)) == "invalid_grant"


def test_chaos_08_a_code_ends_by_the_clock_of_whoever_is_asked_and_is_never_redeemed_late(
    pair: tuple[RunningHouse, RunningHouse],
) -> None:
    near, far = pair
    started = near.begin()
    far.clock.advance(started["expires_in"] - 10)
    assert error_of(far.poll(started)) in WAITING
    far.clock.advance(20)
    assert error_of(far.poll(started)) == "expired_token"
    assert Phone(far).open(started).status_code == 410
    assert error_of(near.poll(started)) in WAITING, "nothing was decided by looking"
    near.clock.advance(started["expires_in"] + 10)
    assert error_of(near.poll(started)) == "expired_token"
