"""Whatever its luck, a device ends as its habit must, hears what its habit earns, and stops asking when it is over."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.habits import BY_NAME, HABITS
from firmware_sim.habits.denied import Denied
from firmware_sim.habits.flaky import Flaky
from firmware_sim.habits.forgetful import Forgetful
from firmware_sim.habits.habit import Habit
from firmware_sim.habits.ignored import Ignored
from firmware_sim.habits.impatient import Impatient
from firmware_sim.habits.patient import Patient
from firmware_sim.habits.plain import Plain
from firmware_sim.habits.sleepy import Sleepy
from firmware_sim.life import Life
from tests.firmware_sim.world import World, live

SEEDS = st.integers(0, 2**32)
FINAL = {"tokens", "access_denied", "expired_token"}


def lived(habit: type[Habit], seed: int, **more: int) -> tuple[World, Life]:
    world = World(Random(seed), **more)
    return world, live(world, habit(Random(seed + 1)))


@given(st.sampled_from(HABITS), SEEDS)
@settings(max_examples=300, deadline=None)
def test_every_device_ends_as_its_habit_must(habit: type[Habit], seed: int) -> None:
    _, life = lived(habit, seed, code_for=60_000 if habit is Ignored else 600_000)
    assert (life.end, life.reason) == (habit.ends, "")
    assert not life.is_lost
    assert life.requests < 60


@given(st.sampled_from(HABITS), SEEDS)
@settings(max_examples=200, deadline=None)
def test_nobody_asks_again_after_a_final_answer_that_arrived(habit: type[Habit], seed: int) -> None:
    world, life = lived(habit, seed)
    for code, words in world.asked.items():
        finals = [word for word in words if word in FINAL]
        assert len(finals) <= 1 + life.lost_requests, (code, words)
        if not life.lost_requests:
            assert words[-1] in FINAL or finals == []
            assert FINAL.isdisjoint(words[:-1])


@given(st.sampled_from([Patient, Plain, Flaky, Forgetful, Denied, Sleepy]), SEEDS)
@settings(max_examples=200, deadline=None)
def test_only_the_impatient_ever_hears_slow_down(habit: type[Habit], seed: int) -> None:
    _, life = lived(habit, seed)
    assert life.slow_downs == 0


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_the_impatient_is_told_to_slow_down_and_obeys_in_the_end(seed: int) -> None:
    world, life = lived(Impatient, seed)
    assert life.slow_downs <= 3
    words = world.asked["CODE-0"]
    if life.slow_downs == 3:
        obeyed_for = world.asked_at[-1] - world.asked_at[-2]
        assert obeyed_for >= 20_000, (words, world.asked_at)


def test_some_impatient_devices_really_are_told() -> None:
    told = [lived(Impatient, seed)[1].slow_downs for seed in range(30)]
    assert {2, 3} <= set(told)


def test_a_patient_device_has_its_tokens_at_once_and_a_plain_one_at_its_next_poll() -> None:
    waits = {habit: [lived(habit, seed)[1].waited_for for seed in range(30)] for habit in (Patient, Plain)}
    assert all(wait is not None and wait <= 60 for wait in waits[Patient])
    assert all(wait is not None and wait <= 5_100 for wait in waits[Plain])
    assert max(wait for wait in waits[Plain] if wait is not None) > 1_000


@given(SEEDS)
@settings(max_examples=200, deadline=None)
def test_a_flaky_network_loses_little_and_a_lost_answer_is_counted(seed: int) -> None:
    world, life = lived(Flaky, seed)
    assert life.lost_requests <= 2
    assert life.lost_answers == life.new_codes <= life.lost_requests
    redeemed = sum(words.count("tokens") for words in world.asked.values())
    assert redeemed == 1 + life.lost_answers


def test_some_flaky_devices_really_lose_the_answer_with_the_tokens() -> None:
    assert sum(lived(Flaky, seed)[1].lost_answers for seed in range(60)) > 0


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_a_forgetful_device_begins_again_and_later_lives_on_its_refresh_token(seed: int) -> None:
    world, life = lived(Forgetful, seed)
    assert life.restarts == 2
    assert len(world.codes) == 2
    assert world.asked["refresh"] == ["tokens"]


def test_some_forgetful_devices_leave_an_approved_code_behind() -> None:
    assert {lived(Forgetful, seed)[0].decisions for seed in range(20)} == {1, 2}


def test_some_sleepy_devices_oversleep_their_code_and_get_a_new_one() -> None:
    assert {0, 1} <= {lived(Sleepy, seed)[1].new_codes for seed in range(40)}


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_a_sleepy_device_survives_a_code_that_lives_a_minute(seed: int) -> None:
    _, life = lived(Sleepy, seed, code_for=60_000)
    assert life.end == "signed_in"


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_a_denied_device_hears_the_no_once(seed: int) -> None:
    world, _ = lived(Denied, seed)
    assert world.asked["CODE-0"].count("access_denied") == 1


def test_the_table_names_every_habit_once() -> None:
    assert len(BY_NAME) == len(HABITS)
    assert all(habit.about for habit in HABITS)
