"""The report's arithmetic, and that it says honestly what was lost."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.life import Life
from firmware_sim.report import Run, add_up, percentile, show

RUN = Run("https://tv.example.com", 12, 0, 4_200)


def lives() -> list[Life]:
    fine = [Life("patient", "signed_in", "signed_in", waited_for=wait, round_trips=[1.0, 3.0]) for wait in (4, 0, 9)]
    lost = Life("flaky", "signed_in", requests=4, lost_requests=2, lost_answers=1)
    lost.failed("page_410", "the page said 410: This code has expired")
    kind = Life("denied", "denied", "signed_in", slow_downs=2)
    return [*fine, lost, kind, Life("denied", "denied", "denied")]


@pytest.mark.parametrize(
    ("values", "part", "expected"),
    [([], 0.5, None), ([7], 0.5, 7), ([7], 0.95, 7), ([1, 2], 0.5, 1), ([3, 1, 2], 0.5, 2)],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], part: float, expected: float | None) -> None:
    assert percentile(values, part) == expected


def test_the_95th_of_a_hundred_is_the_95th() -> None:
    assert percentile(list(range(100, 0, -1)), 0.95) == 95


@given(st.lists(st.integers(0, 10**6), min_size=1), st.sampled_from([0.5, 0.95, 1.0]))
def test_enough_of_the_values_are_within_a_percentile(values: list[int], part: float) -> None:
    found = percentile(values, part)
    assert found in values
    assert sum(value <= found for value in values) >= part * len(values) - 1e-6


def test_ends_add_up_and_a_wrong_end_counts_as_lost() -> None:
    report = add_up(lives(), RUN)
    assert (report["signed_in"], report["denied"], report["expired"], report["failed"]) == (4, 1, 0, 1)
    assert report["lost"] == 2  # the failed one, and the denied one that was let in all the same
    assert report["failures"] == {"page_410": 1}
    assert report["lost_answers"] == 1
    assert report["approval_to_token_ms"] == {"count": 3, "p50": 4, "p95": 9, "max": 9}
    assert report["mqtt_round_trip_ms"]["count"] == 6
    assert report["habits"]["denied"] == {
        "devices": 2,
        "ends": "denied",
        "lost": 1,
        "slow_downs": 2,
        "approval_to_token_ms": {"count": 0, "p50": None, "p95": None, "max": None},
    }


def shown(report: dict[str, Any]) -> str:
    out = io.StringIO()
    show(report, out)
    return out.getvalue()


def test_the_table_says_what_was_lost_and_why() -> None:
    text = shown(add_up(lives(), RUN))
    assert "6 devices in 4.2 s: 2 devices were lost" in text
    assert "page_410" in text
    assert "a denied device must end denied" in text
    assert max(map(len, text.splitlines())) <= 120


def test_a_fleet_without_losses_says_so() -> None:
    text = shown(add_up([Life("patient", "signed_in", "signed_in", waited_for=1_500)], RUN))
    assert "every device ended as it should" in text
    assert "1.50 s" in text
    assert "went wrong" not in text


def test_an_interrupted_run_never_looks_complete() -> None:
    assert "interrupted; " in shown(add_up([], Run("https://tv.example.com", 0, 0, 1, is_interrupted=True)))


def test_what_a_server_says_cannot_drive_the_terminal() -> None:
    life = Life("patient", "signed_in")
    life.failed("[red]no[/red]\x1b]0;boo\x07", "the page said 404: [bold red]Boo[/bold red]\n\x1b[2J" + "x" * 999)
    text = shown(add_up([life], RUN))
    assert "[red]no[/red]" in text
    assert "[bold red]Boo[/bold red]" in text
    assert "\x1b" not in text
