"""What a device reports when something else fails: the reason by name, and at once, not at the end of the run."""

from random import Random

import pytest

from device_agent.flow.steps import Send
from firmware_sim.habits import HABITS
from firmware_sim.habits.flaky import Flaky
from firmware_sim.habits.forgetful import Forgetful
from firmware_sim.habits.habit import Fate, Habit
from firmware_sim.habits.ignored import Ignored
from firmware_sim.habits.patient import Patient
from firmware_sim.life import Mishap
from firmware_sim.road import Answer, Form, Lost
from tests.firmware_sim.world import World, live


def patient() -> Patient:
    return Patient(Random(1))


class LosesItsTokens(Habit):
    """Every answer with tokens is lost."""

    name = "loses its tokens"
    about = "for this test"

    def __init__(self) -> None:
        super().__init__(Random(1))
        self.dropped = 0

    def fate(self, send: Send) -> Fate:
        if send.to == "token" and not self.dropped:
            self.dropped += 1
            return "dropped"
        return "good"


class AwayFor(World):
    """A server that cannot be reached in the first 50 seconds."""

    async def post(self, url: str, form: Form = (), *, hold_for: int = 0, token: str = "") -> Answer:
        if self.now() < 50_000:
            raise Lost("no road")
        return await super().post(url, form, hold_for=hold_for, token=token)


class Deaf(World):
    """A server that loses every request on the way."""

    async def post(self, url: str, form: Form = (), *, hold_for: int = 0, token: str = "") -> Answer:
        raise Lost("no road")


def test_a_person_who_cannot_approve_ends_the_device_at_once() -> None:
    world = World(Random(1), page_mishap=Mishap("page_410", "the page said 410: This code has expired"))
    life = live(world, patient())
    assert (life.end, life.reason) == ("failed", "page_410")
    assert "410" in life.detail
    assert world.asked == {}  # the held request was hung up, not sat through


def test_a_lost_answer_is_a_failure_for_a_device_without_that_habit() -> None:
    life = live(World(Random(1)), LosesItsTokens())
    assert (life.end, life.reason) == ("failed", "invalid_grant")
    assert life.lost_answers == 1
    assert life.is_lost


def test_a_server_out_of_reach_is_named() -> None:
    life = live(Deaf(Random(1)), patient())
    assert (life.end, life.reason) == ("failed", "unreachable")
    assert life.lost_requests == life.requests > 1
    assert life.new_codes == 3  # the person tried again, not for ever


def test_a_forgetful_device_without_refresh_token_says_what_to_register() -> None:
    life = live(World(Random(1), gives_refresh_token=False), Forgetful(Random(1)))
    assert life.reason == "no_refresh_token"
    assert "register" in life.detail


def test_an_ignored_device_whose_code_outlives_the_run_says_so_instead_of_waiting() -> None:
    world = World(Random(1))
    life = live(world, Ignored(Random(1)), run_for=60_000)
    assert life.reason == "code_outlives_run"
    assert world.asked == {}


@pytest.mark.parametrize("seed", range(5))
def test_an_ignored_device_expires_when_its_code_does(seed: int) -> None:
    world = World(Random(seed), code_for=60_000)
    life = live(world, Ignored(Random(seed)))
    assert life.end == "expired"
    assert world.decisions == 0


def test_the_same_seed_lives_the_same_life() -> None:
    first, second = (live(World(Random(7)), Flaky(Random(8))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("habit", [habit for habit in HABITS if habit is not Ignored])
@pytest.mark.parametrize("seed", range(10))
def test_a_server_that_is_away_for_a_while_costs_nobody_the_sign_in(habit: type[Habit], seed: int) -> None:
    life = live(AwayFor(Random(seed)), habit(Random(seed)))
    assert (life.end, life.reason) == (habit.ends, "")
