"""A renewal whose answer got lost on the road to the real server: with a key the device stays signed in, whatever came.

The refresh token is spent by then. The server repeats its answer for a minute to whoever proves the key.
"""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.device_agent.mock_server import Asked
from tests.device_agent.people import sign_in
from tests.device_agent.process import Agent, Ended
from tests.device_agent.road import Road
from tests.house import RunningHouse, furnish, open_house
from tests.waiting import wait_until


@pytest.fixture
def road() -> Iterator[Road]:
    with Road() as road:
        yield road


@pytest.fixture
def house(tmp_path: Path, road: Road) -> Iterator[RunningHouse]:
    with open_house(tmp_path, mqtt_port=0, issuer=road.address) as running:
        road.leads_to = running.address
        yield furnish(running)


def losing(count: int) -> Any:
    """Lose the answers to the first refreshes."""
    left = [True] * count

    def loses(asked: Asked) -> bool:
        return b"grant_type=refresh_token" in asked.body and bool(left) and left.pop()

    return loses


def status(agent: Agent) -> Ended:
    return agent.run("status", "--insecure-http")


def stays_signed_in(agent: Agent) -> None:
    """Whether the family lives: what is kept now can be renewed again."""
    before = agent.kept()["refresh_token"]
    agent.change(obtained_at=0)
    ended = status(agent)
    assert (ended.code, ended.err) == (0, "")
    assert agent.kept()["refresh_token"] != before
    assert not (agent.state / "renewing").exists()


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_renewal_is_asked_for_again_and_nobody_is_signed_out(
    agent: Agent, house: RunningHouse, road: Road, lost: int
) -> None:
    spent = sign_in(agent, house)["refresh_token"]
    agent.change(obtained_at=0)
    road.loses = losing(lost)
    ended = status(agent)
    assert (ended.code, ended.err) == (0, "")
    assert [asked.form["refresh_token"] for asked in road.refreshes()] == [spent] * (lost + 1)
    assert len({asked.headers["dpop"] for asked in road.refreshes()}) == lost + 1, "a new proof each time"
    stays_signed_in(agent)


def test_it_is_asked_for_again_although_the_token_in_hand_is_still_good(
    agent: Agent, house: RunningHouse, road: Road
) -> None:
    # A command that ended here with its good token would leave a spent one behind, to be taken for theft an hour later.
    spent = sign_in(agent, house)["refresh_token"]
    agent.change(obtained_at=int(time.time()) - 800)
    road.loses = losing(1)
    assert status(agent).code == 0
    assert len(road.refreshes()) == 2
    assert agent.kept()["refresh_token"] != spent
    stays_signed_in(agent)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_process_that_ended_before_the_answer_is_made_good_by_the_next(
    agent: Agent, house: RunningHouse, road: Road, number: int
) -> None:
    spent = sign_in(agent, house)["refresh_token"]
    agent.change(obtained_at=int(time.time()) - 800)
    gate, first = threading.Event(), [True]
    road.loses = lambda asked: gate if b"grant_type=refresh_token" in asked.body and first and first.pop() else False
    process = agent.start("run", "--insecure-http")
    try:
        wait_until(lambda: bool(road.refreshes()) and 200 in road.answered[-1:], 10)
        process.send_signal(number)
        process.communicate(timeout=10)
    finally:
        process.kill()
        gate.set()
    assert agent.kept()["refresh_token"] == spent
    agent.change(obtained_at=int(time.time()))  # nothing but the mark says that there is something to do
    assert status(agent).code == 0
    assert agent.kept()["refresh_token"] != spent
    stays_signed_in(agent)


def test_without_a_key_a_lost_renewal_ends_the_sign_in_and_it_is_said(
    agent: Agent, house: RunningHouse, road: Road
) -> None:
    sign_in(agent, house, "--key", "off")
    agent.change(obtained_at=0)
    road.loses = losing(1)
    ended = status(agent)
    assert ended.code == 1
    assert "signed out elsewhere, or too long ago" in ended.err


def test_without_a_key_a_good_token_is_used_before_the_risk_is_taken(
    agent: Agent, house: RunningHouse, road: Road
) -> None:
    sign_in(agent, house, "--key", "off")
    agent.change(obtained_at=int(time.time()) - 800)
    road.loses = losing(1)
    assert status(agent).code == 0
    assert len(road.refreshes()) == 1
