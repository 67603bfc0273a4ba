"""One code after another: renewed with overlap, frozen once a phone has opened it, and never without end."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agent.flow.sign_in import SignIn
from device_agent.flow.steps import Done, Opened, Send, Show, Stop, Wait
from tests.device_agent.flow.clockwork import CODES, answer_with, play

LAW = json.loads((Path(__file__).parents[2] / "cases" / "flow.json").read_text())
WORDS: dict[str, Any] = {**LAW["words"], "lost": "lost", "codes": "codes", "...": "..."}


def lives(*ids: str) -> list[Any]:
    return [pytest.param(life, id=life["name"]) for life in LAW["lives"] if life["id"] in ids]


def tell(life: dict[str, Any]) -> None:
    shows_match = life.get("match", False)
    flow = SignIn("tv", hold_for=life.get("hold_for", 0), renewals=life["renewals"], shows_match=shows_match)
    played = play(
        flow,
        [WORDS[word] for word in life["answers"]],
        life.get("codes"),
        takes=None,
        starts=[WORDS[word] for word in life.get("starts", [])],
    )
    assert [at / 1000 for at in played.starts] == life["starts_at"]
    assert [shown.user_code for shown in played.shown] == life["shown"]
    assert [shown.is_renewal for shown in played.shown] == [False] + [True] * (len(played.shown) - 1)
    assert [opened.match for opened in played.opened] == life.get("opened", [])
    assert (played.end.reason if isinstance(played.end, Stop) else "done") == life["end"]
    if life["ends_at"] is not None:
        assert played.now / 1000 == life["ends_at"]
    if "asked" in life:
        assert [[dict(poll.form)["device_code"], poll.hold_for] for poll in played.polls] == life["asked"]


@pytest.mark.parametrize("life", lives("DEV-07"))
def test_dev_07_three_renewals_then_only_a_person(life: dict[str, Any]) -> None:
    tell(life)


@pytest.mark.parametrize("life", lives("renewal"))
def test_a_renewal_that_fails_takes_nothing_away(life: dict[str, Any]) -> None:
    tell(life)


@pytest.mark.parametrize("life", lives("frozen"))
def test_a_code_is_frozen_once_a_phone_has_opened_it(life: dict[str, Any]) -> None:
    tell(life)


@pytest.mark.parametrize("life", lives("number"))
def test_the_number_to_compare_comes_with_a_pending_answer(life: dict[str, Any]) -> None:
    tell(life)


@pytest.mark.parametrize("life", lives("overlap"))
def test_the_old_code_is_honoured_until_its_end(life: dict[str, Any]) -> None:
    tell(life)


def test_every_life_is_told() -> None:
    assert {life["id"] for life in LAW["lives"]} == {"DEV-07", "renewal", "frozen", "number", "overlap"}


@pytest.mark.parametrize(
    ("does_show", "supported", "is_asked"),
    [(True, True, True), (True, None, False), (True, "true", False), (False, True, False)],
)
def test_the_number_is_asked_for_by_who_can_show_it_where_it_is_understood(
    does_show: bool, supported: object, is_asked: bool
) -> None:
    codes = {"match_supported": supported} if supported is not None else {}
    played = play(SignIn("tv", shows_match=does_show), [WORDS["tokens"]], codes)
    assert ("match", "1") in played.polls[0].form if is_asked else "match" not in dict(played.polls[0].form)


def test_news_of_the_phone_is_followed_by_the_next_held_poll_at_once() -> None:
    flow = SignIn("tv", hold_for=25, shows_match=True)
    played = play(flow, [WORDS["pending"], WORDS["opened"], WORDS["opened"], WORDS["tokens"]], takes=2_000)
    assert played.waits == [0, 3_000, 0, 3_000]


def test_a_person_brings_the_renewals_back() -> None:
    flow = SignIn("tv", renewals=1)
    first = play(flow, [WORDS["pending"], "..."], {"expires_in": 40})
    assert len(first.starts) == 2
    assert all(isinstance(flow.next(at), Stop) for at in range(first.now, first.now + 86_400_000, 3_600_000))
    flow.again(first.now + 86_400_000)
    again = play(flow, [WORDS["pending"], "..."], {"expires_in": 40}, now=first.now + 86_400_000)
    assert [at - again.starts[0] for at in again.starts] == [0, 30_000]
    assert [shown.is_renewal for shown in again.shown] == [False, True]


POLLS = st.sampled_from([word for word in WORDS.values() if word not in ("lost", "codes", "...")] + ["lost", "lost"])


@given(
    answers=st.lists(POLLS, max_size=60),
    renewals=st.integers(0, 3),
    expires_in=st.integers(1, 900),
    hold_for=st.sampled_from([0, 25]),
    data=st.data(),
)
def test_dev_07_whatever_happens_no_more_codes_are_begun_than_were_allowed(
    answers: list[Any], renewals: int, expires_in: int, hold_for: int, data: st.DataObject
) -> None:
    flow = SignIn("tv", hold_for=hold_for, renewals=renewals, shows_match=True)
    now, begun, last = 0, 0, {"": -5_000}
    for _ in range(400):
        step = flow.next(now)
        if isinstance(step, Done | Stop):
            break
        if isinstance(step, Wait):
            assert step.until > now
            now = data.draw(st.sampled_from([step.until, step.until, step.until + 200_000, step.until - 1]))
        elif isinstance(step, Show):
            assert step.user_code == f"CODE-{begun}"
            assert step.expires_at > now
        elif isinstance(step, Opened):
            assert step.expires_at > now
        elif step.to == "device_authorization":
            begun += 1
            codes = {"device_code": f"code-{begun}", "user_code": f"CODE-{begun}", "expires_in": expires_in}
            flow.received(200, {**CODES, **codes}, now)
        else:
            assert isinstance(step, Send)
            code = dict(step.form)["device_code"]
            is_quick = hold_for and flow.codes and now - last.get(code, -9_999) < 5_000
            assert not is_quick or any(each.is_opened for each in flow.codes), "only news may bring a poll early"
            last[code] = now
            assert step.hold_for * 1000 <= max(each.expires_at for each in flow.codes) - now
            answer_with(flow, answers.pop(0) if answers else WORDS["pending"], now)
        assert len(flow.codes) <= 2, "one on the screen, one before it"
    assert begun <= 1 + renewals
