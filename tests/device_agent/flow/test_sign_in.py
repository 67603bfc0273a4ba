"""The client of RFC 8628 against the stories of tests/cases/flow.json, and against any order of events."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agent.flow.reactions import TABLE
from device_agent.flow.sign_in import SignIn
from device_agent.flow.steps import Done, OutOfTurn, Send, Show, Stop, Wait
from tests.device_agent.flow.clockwork import CODES, answer_with, play

LAW = json.loads((Path(__file__).parents[2] / "cases" / "flow.json").read_text())
WORDS: dict[str, Any] = {**LAW["words"], "lost": "lost"}


def stories(*ids: str) -> list[Any]:
    return [pytest.param(story, id=story["name"]) for story in LAW["stories"] if story["id"] in ids]


def tell(story: dict[str, Any]) -> None:
    flow = SignIn("tv", hold_for=story.get("hold_for", 0))
    played = play(flow, [WORDS[word] for word in story["answers"]], story.get("codes"), 1000 * story.get("takes", 0))
    assert [wait / 1000 for wait in played.waits] == story["waits"]
    assert (played.end.reason if isinstance(played.end, Stop) else "done") == story["end"]


@pytest.mark.parametrize("story", stories("DEV-09"))
def test_dev_09_the_interval_of_the_server_or_five_seconds(story: dict[str, Any]) -> None:
    tell(story)


@pytest.mark.parametrize("story", stories("DEV-26"))
def test_dev_26_slow_down_slows_down_for_good(story: dict[str, Any]) -> None:
    tell(story)


@pytest.mark.parametrize("story", stories("DEV-29"))
def test_dev_29_any_other_error_ends_polling(story: dict[str, Any]) -> None:
    tell(story)


@pytest.mark.parametrize("story", stories("DEV-30"))
def test_dev_30_a_lost_request_backs_off(story: dict[str, Any]) -> None:
    tell(story)


@pytest.mark.parametrize("story", stories("DEV-07"))
def test_dev_07_expiry_is_final(story: dict[str, Any]) -> None:
    tell(story)


@pytest.mark.parametrize("story", stories("TOK-03"))
def test_tok_03_only_a_token_of_a_known_type_is_used(story: dict[str, Any]) -> None:
    tell(story)


@pytest.mark.parametrize("story", stories("RFC 7240"))
def test_a_server_that_holds_requests_is_polled_without_a_gap(story: dict[str, Any]) -> None:
    tell(story)


def test_every_story_is_told() -> None:
    told = {"DEV-07", "DEV-09", "DEV-26", "DEV-29", "DEV-30", "TOK-03", "RFC 7240"}
    assert {story["id"] for story in LAW["stories"]} == told


def test_dev_07_no_new_code_without_a_person() -> None:
    flow = SignIn("tv")
    played = play(flow, ["lost", "lost"], {"expires_in": 30})
    later = played.now + 86_400_000
    assert all(isinstance(flow.next(at), Stop) for at in range(played.now, later, 3_600_000))
    flow.again(later)
    assert play(flow, [WORDS["tokens"]], now=later).waits == [5000]


def test_dev_17_the_device_code_is_in_no_step_but_the_poll() -> None:
    flow = SignIn("tv", "profile", "Living-room TV")
    first = flow.next(0)
    assert isinstance(first, Send)
    assert first.form == (("client_id", "tv"), ("scope", "profile"), ("device_name", "Living-room TV"))
    flow.received(200, CODES, 0)
    shown = flow.next(0)
    assert isinstance(shown, Show)
    assert "the-device-code" not in repr(vars(shown))
    wait = flow.next(0)
    assert isinstance(wait, Wait)
    poll = flow.next(wait.until)
    assert isinstance(poll, Send)
    assert dict(poll.form) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": CODES["device_code"],
        "client_id": "tv",
    }


def test_a_held_request_never_outlives_the_code() -> None:
    played = play(SignIn("tv", hold_for=25), [WORDS["pending"]] * 3, {"expires_in": 60}, takes=25_000)
    assert [poll.hold_for for poll in played.polls] == [25, 25, 10]


def test_a_server_says_in_an_answer_how_long_it_holds() -> None:
    flow = SignIn("tv")
    flow.next(0)
    flow.received(200, CODES, 0, held_for=15)
    flow.next(0)
    poll = flow.next(0)
    assert isinstance(poll, Send)
    assert poll.hold_for == 15


@pytest.mark.parametrize("body", [None, [], "x", {}, {**CODES, "device_code": 7}, {**CODES, "user_code": ""}])
def test_a_start_that_makes_no_sense_stops(body: object) -> None:
    flow = SignIn("tv")
    flow.next(0)
    flow.received(200, body, 0)
    stop = flow.next(0)
    assert isinstance(stop, Stop)
    assert stop.reason == "broken"


@pytest.mark.parametrize("word", ["invalid_client", "unauthorized_client", "denied", "expired", "pending", "not found"])
def test_a_start_that_is_refused_stops_with_the_servers_word(word: str) -> None:
    flow = SignIn("tv")
    flow.next(0)
    status, body = WORDS[word]
    flow.received(status, body, 0)
    stop = flow.next(0)
    assert isinstance(stop, Stop)
    assert (stop.reason, stop.detail) == ("refused", (body or {}).get("error", ""))


@pytest.mark.parametrize(("word", "reason"), [("lost", "unreachable"), ("too many", "busy"), ("server error", "busy")])
def test_a_start_is_tried_again_for_a_minute(word: str, reason: str) -> None:
    flow = SignIn("tv", patience_for=60_000)
    now, sends = 0, []
    while not isinstance(step := flow.next(now), Stop):
        if isinstance(step, Send):
            sends.append(now)
            answer_with(flow, WORDS[word], now)
        elif isinstance(step, Wait):
            now = step.until
    assert (step.reason, sends) == (reason, [0, 10_000, 30_000])


def test_jitter_makes_a_gap_longer_and_never_shorter() -> None:
    late = play(SignIn("tv", jitter=lambda gap: gap // 4), ["lost", "lost", WORDS["tokens"]])
    early = play(SignIn("tv", jitter=lambda gap: -gap), ["lost", "lost", WORDS["tokens"]])
    assert late.waits == [5_000, 12_500, 25_000]
    assert early.waits == [5_000, 10_000, 20_000]


def test_a_clock_that_jumps_back_neither_polls_early_nor_fails() -> None:
    flow = SignIn("tv")
    flow.next(1_000_000)
    flow.received(200, CODES, 1_000_000)
    flow.next(1_000_000)
    wait = flow.next(0)
    assert isinstance(wait, Wait)
    assert wait.until == 1_005_000
    assert isinstance(flow.next(1_004_999), Wait)
    assert isinstance(flow.next(1_005_000), Send)


def test_a_clock_that_stumbles_back_for_a_moment_does_not_make_the_next_poll_early() -> None:
    flow = SignIn("tv")
    flow.next(1_000_000)
    flow.received(200, CODES, 1_000_000)
    flow.next(1_000_000)
    assert isinstance(flow.next(1_005_000), Send)
    answer_with(flow, WORDS["pending"], 5_000)
    assert isinstance(flow.next(1_005_100), Wait)
    assert isinstance(flow.next(1_010_000), Send)


def test_a_clock_that_jumps_ahead_finds_the_code_expired() -> None:
    flow = SignIn("tv")
    flow.next(0)
    flow.received(200, CODES, 0)
    flow.next(0)
    stop = flow.next(10**12)
    assert isinstance(stop, Stop)
    assert stop.reason == "expired"


def test_a_driver_that_forgets_its_turn_is_told() -> None:
    flow = SignIn("tv")
    with pytest.raises(OutOfTurn):
        flow.lost(0)
    with pytest.raises(OutOfTurn):
        flow.received(200, {}, 0)
    with pytest.raises(OutOfTurn):
        flow.again(0)
    flow.next(0)
    with pytest.raises(OutOfTurn):
        flow.next(0)


KNOWN = {"starting", "asking", "showing", "waiting", "polling", "done", "stopped"}
ANSWERS = st.one_of(
    st.just("lost"),
    st.sampled_from([word for word in WORDS.values() if word != "lost"]),
    st.tuples(st.integers(100, 599), st.none() | st.dictionaries(st.sampled_from(["error", "interval"]), st.text())),
)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3)


def told_of_phone(flow: SignIn) -> object:
    """What the code that was polled last knows of a phone."""
    return flow.last_polled and (flow.last_polled.is_opened, flow.last_polled.match)


@given(
    answers=st.lists(ANSWERS, max_size=25),
    interval=st.one_of(st.integers(1, 120), JSON),
    hold_for=st.sampled_from([0, 0, 5, 25]),
    data=st.data(),
)
def test_any_order_of_events_leaves_a_known_state_and_never_polls_early(
    answers: list[Any], interval: object, hold_for: int, data: st.DataObject
) -> None:
    flow = SignIn("tv", hold_for=hold_for, jitter=lambda gap: gap // 7)
    now, allowed_at = 0, 0
    for answer in [(200, {**CODES, "interval": interval}), *answers]:
        for _ in range(8):
            assert flow.state in KNOWN
            step = flow.next(now)
            if isinstance(step, Send | Done | Stop):
                break
            if isinstance(step, Wait):
                now = data.draw(st.sampled_from([step.until, step.until, step.until - 1, now - 3_000, now + 1]))
        if not isinstance(step, Send):
            continue
        if step.to == "token":
            assert now >= allowed_at
        sent_at = now
        now += data.draw(st.integers(0, 30_000))
        before, knew = flow.pace.interval, told_of_phone(flow)
        answer_with(flow, answer, now)
        if step.to == "token":
            assert flow.pace.interval >= before
            if hold_for and told_of_phone(flow) != knew:
                allowed_at = now  # a held request that was let go for news is no poll
                continue
        # A held request counts from its sending, anything else from its answer.
        allowed_at = (sent_at if hold_for or step.to != "token" else now) + (
            flow.pace.interval if step.to == "token" or not hold_for else 0
        )
    assert flow.state in KNOWN


def test_the_table_names_known_states_only() -> None:
    assert {state for row in TABLE for state in (row[0], row[2])} <= KNOWN
