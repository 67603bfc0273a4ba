"""Tokens are renewed in time, a lost answer costs nothing, and the end is recognised."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agent.flow.refresh import REPEAT_WITHIN, Refresh
from device_agent.flow.steps import Done, OutOfTurn, Send, Stop, Wait

TOKENS = {"access_token": "at2", "token_type": "Bearer", "expires_in": 100, "refresh_token": "rt2"}


def due(flow: Refresh, now: int) -> Send:
    wait = flow.next(now)
    assert isinstance(wait, Wait)
    send = flow.next(wait.until)
    assert isinstance(send, Send)
    return send


def test_renewal_comes_at_four_fifths_of_the_lifetime() -> None:
    flow = Refresh("tv", "rt1", 0, 100_000)
    wait = flow.next(0)
    assert isinstance(wait, Wait)
    assert wait.until == 80_000
    assert isinstance(flow.next(79_999), Wait)
    send = flow.next(80_000)
    assert isinstance(send, Send)
    assert dict(send.form) == {"grant_type": "refresh_token", "refresh_token": "rt1", "client_id": "tv"}
    flow.received(200, TOKENS, 81_000)
    done = flow.next(81_000)
    assert isinstance(done, Done)
    assert done.answer["access_token"] == "at2"
    again = flow.next(81_000)
    assert isinstance(again, Wait)
    assert again.until == 161_000
    assert dict(due(flow, 81_000).form)["refresh_token"] == "rt2"


def test_jitter_spreads_a_fleet_over_the_tenth_before() -> None:
    flow = Refresh("tv", "rt1", 0, 100_000, jitter=lambda gap: gap * 5)
    wait = flow.next(0)
    assert isinstance(wait, Wait)
    assert wait.until == 70_000


@pytest.mark.parametrize("answer", ["lost", (500, None), (503, {}), (429, {}), (200, None), (200, {"access_token": 1})])
def test_a_lost_or_broken_answer_is_retried_with_the_same_token(answer: object) -> None:
    flow = Refresh("tv", "rt1", 0, 100_000)
    now, sends = 80_000, []
    for _ in range(8):
        send = flow.next(now)
        assert isinstance(send, Send)
        sends.append((now, dict(send.form)["refresh_token"]))
        if isinstance(answer, tuple):
            flow.received(answer[0], answer[1], now)
        else:
            flow.lost(now)
        wait = flow.next(now)
        assert isinstance(wait, Wait)
        now = wait.until
    gaps = [(later[0] - earlier[0]) // 1000 for earlier, later in itertools.pairwise(sends)]
    assert gaps == [2, 4, 8, 16, 32, 60, 60]
    assert {token for _, token in sends} == {"rt1"}


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, {"error": "invalid_grant"}, "signed_out"),
        (401, {"error": "invalid_client"}, "refused"),
        (404, None, "refused"),
    ],
)
def test_the_end_is_recognised(status: int, body: object, reason: str) -> None:
    flow = Refresh("tv", "rt1", 0, 100_000)
    due(flow, 0)
    flow.received(status, body, 80_000)
    stop = flow.next(80_000)
    assert isinstance(stop, Stop)
    assert stop.reason == reason


def test_without_a_refresh_token_it_ends_with_the_access_token() -> None:
    flow = Refresh("tv", "", 0, 100_000)
    assert isinstance(flow.next(99_999), Wait)
    stop = flow.next(100_000)
    assert isinstance(stop, Stop)
    assert stop.reason == "signed_out"


def test_a_server_that_does_not_rotate_keeps_the_token() -> None:
    flow = Refresh("tv", "rt1", 0, 100_000)
    due(flow, 0)
    flow.received(200, {"access_token": "at2", "token_type": "bearer"}, 80_000)
    assert isinstance(flow.next(80_000), Done)
    assert dict(due(flow, 80_000).form)["refresh_token"] == "rt1"


def test_a_body_may_look_at_the_due_instant_without_taking_a_turn() -> None:
    flow = Refresh("tv", "rt1", 0, 100_000)
    assert flow.due_at == 80_000
    due(flow, 0)
    flow.lost(80_000)
    assert flow.due_at == 82_000
    flow.next(82_000)
    flow.received(200, TOKENS, 82_000)
    assert flow.due_at == 162_000


def test_a_refused_access_token_hurries_the_renewal() -> None:
    flow = Refresh("tv", "rt1", 0, 100_000)
    assert isinstance(flow.next(1_000), Wait)
    flow.hurry(1_000)
    assert isinstance(flow.next(1_000), Send)


def test_a_driver_that_forgets_its_turn_is_told() -> None:
    flow = Refresh("tv", "rt1", 0, 100_000)
    with pytest.raises(OutOfTurn):
        flow.lost(0)
    due(flow, 0)
    with pytest.raises(OutOfTurn):
        flow.next(90_000)


@pytest.mark.parametrize(
    ("answers", "is_in_doubt"),
    [
        (["lost"], True),
        ([(200, None)], True),
        ([(502, None)], True),
        (["unsent"], False),
        ([(503, None)], False),
        ([(429, {})], False),
        (["lost", (503, None)], True),
        (["lost", (200, TOKENS)], False),
        (["lost", (400, {"error": "invalid_grant"})], False),
    ],
)
def test_a_renewal_is_in_doubt_while_the_server_may_have_spent_the_token(
    answers: list[object], is_in_doubt: bool
) -> None:
    flow, now = Refresh("tv", "rt1", 0, 100_000), 80_000
    for answer in answers:
        while not isinstance(step := flow.next(now), Send):
            assert isinstance(step, Wait)
            now = step.until
        if isinstance(answer, tuple):
            flow.received(answer[0], answer[1], now)
        else:
            flow.lost(now, is_sent=answer == "lost")
    assert flow.doubt_until == (80_000 + REPEAT_WITHIN if is_in_doubt else 0)


def test_several_repetitions_fit_into_the_minute_of_the_server() -> None:
    # Even if each is silent until its time is over, and luck makes every pause as long as it can be.
    flow, now, sent = Refresh("tv", "rt1", 0, 100_000, jitter=lambda gap: gap // 2), 80_000, 0
    flow.hurry(now)
    while isinstance(flow.next(now), Send):
        sent += 1
        flow.lost(now + 10_000)
        now = flow.due_at
        if now > flow.doubt_until:
            break
    assert sent >= 3


@given(st.lists(st.sampled_from(["lost", "busy", "broken", "good", "invalid"]), max_size=20))
def test_any_order_of_answers_never_loses_the_newest_refresh_token(answers: list[str]) -> None:
    bodies = {"busy": (503, None), "broken": (200, None), "invalid": (400, {"error": "invalid_grant"})}
    flow, now, newest = Refresh("tv", "rt0", 0, 100_000), 0, "rt0"
    for turn, answer in enumerate(answers, 1):
        while not isinstance(step := flow.next(now), Send | Stop):
            now = step.until if isinstance(step, Wait) else now
        if isinstance(step, Stop):
            break
        assert dict(step.form)["refresh_token"] == newest
        if answer == "lost":
            flow.lost(now)
        elif answer == "good":
            newest = f"rt{turn}"
            flow.received(200, {**TOKENS, "refresh_token": newest}, now)
        else:
            flow.received(*bodies[answer], now)
    assert flow.refresh_token == newest
