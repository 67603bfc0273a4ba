"""A figure is judged the right way round, and a run that cannot be trusted is no figure."""

import pytest

from bench.__main__ import main
from bench.figure import Figure, number
from bench.plan import percentile
from bench.rivals import Rival, check
from bench.wrk import Load


@pytest.mark.parametrize(
    ("value", "is_less_better", "verdict"),
    [
        (0.95, False, "goal"),
        (0.90, False, "goal"),
        (0.70, False, "floor"),
        (0.60, False, "missed"),
        (0.60, True, "goal"),
        (0.95, True, "missed"),
    ],
)
def test_a_figure_reaches_its_goal_or_its_floor_or_neither(value: float, is_less_better: bool, verdict: str) -> None:
    floor = None if is_less_better else 0.65
    assert Figure("it", value, goal=0.90, floor=floor, is_less_better=is_less_better).verdict == verdict
    assert Figure("it", value).verdict == ""


def test_less_memory_than_the_floor_is_the_floor() -> None:
    marks = {"goal": 65, "floor": 80, "is_less_better": True}
    found = [Figure("memory", value, "MiB", **marks).verdict for value in (64.9, 70, 81)]
    assert found == ["goal", "floor", "missed"]


def test_numbers_keep_the_digits_that_count() -> None:
    assert [number(value) for value in (34526.4, 99.94, 12.34, 0.9744)] == ["34,526", "99.9", "12.3", "0.974"]


def test_the_95th_of_a_hundred_is_the_95th_percentile() -> None:
    assert percentile(range(1, 101), 0.95) == 95
    assert percentile([7], 0.99) == 7
    with pytest.raises(ValueError, match="nothing to rank"):
        percentile([], 0.5)


def loaded(refused: int, lost: int) -> Load:
    return Load(
        per_second=50.0, requests=100, p50=1, p99=2, refused=refused, lost=lost, cpu_us=20, seen={"400 slow_down": 1}
    )


@pytest.mark.parametrize(("refused", "lost", "is_refused"), [(99, 0, True), (100, 1, True), (1, 0, False)])
def test_one_wrong_or_lost_answer_spoils_a_load(refused: int, lost: int, is_refused: bool) -> None:
    rival = Rival("ours", None, "/token", [], is_refused=is_refused)  # type: ignore[arg-type] - no server is asked
    with pytest.raises(RuntimeError, match="ours"):
        check(rival, loaded(refused, lost))


def test_a_benchmark_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["poles"]) == 2
    assert "there is no poles; there are polls, peers" in capsys.readouterr().err
