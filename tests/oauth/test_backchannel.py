"""The law of backchannel requests: the state only moves forward, whatever comes in whatever order."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.oauth import backchannel
from server.oauth.backchannel import LATEST, BackchannelRequest, NotDue, NotPending
from server.oauth.errors import ExpiredToken, InvalidBindingMessage, OAuthError
from server.oauth.prompts import prompt_budgets

NOW = 1_800_000_000_000
ENDS = NOW + 300_000
ORDER = {"pending": 0, "approved": 1, "denied": 1, "redeemed": 2}
APPROVED: dict[str, Any] = {"account_id": "ann", "auth_time": NOW, "amr": ("pwd",), "address": "192.0.2.1"}


def a_request(**fields: Any) -> BackchannelRequest:
    given: dict[str, Any] = {"client_id": "till", "account_id": "ann", "scopes": ("openid", "profile")}
    return BackchannelRequest(b"h", created_at=NOW, expires_at=ENDS, **(given | fields))


def step(what: str, now: int) -> Callable[[BackchannelRequest | None], BackchannelRequest]:
    steps: dict[str, Callable[[BackchannelRequest | None], BackchannelRequest]] = {
        "approve": partial(backchannel.approve, **APPROVED, scopes=None, now=now),
        "deny": partial(backchannel.deny, account_id="ann", now=now),
        "redeem": partial(backchannel.redeem, client_id="till", family_id="f", now=now),
        "push": partial(backchannel.redeem_to_push, family_id="f", sealed="s"),
        "claim": partial(backchannel.claim, now=now),
        "brought": backchannel.brought,
        "not_brought": partial(backchannel.not_brought, now=now),
    }
    return steps[what]


STEPS = some.sampled_from(("approve", "deny", "redeem", "push", "claim", "brought", "not_brought"))


@given(
    mode=some.sampled_from(("poll", "ping", "push")),
    moves=some.lists(some.tuples(STEPS, some.integers(0, 400_000)), max_size=20),
)
def test_no_order_of_steps_goes_back_or_buys_twice(mode: Any, moves: list[tuple[str, int]]) -> None:
    request, now, bought, decided = a_request(mode=mode, due_at=None if mode == "poll" else ENDS), NOW, 0, 0
    for what, later in moves:
        now += later
        try:
            after = step(what, now)(request)
        except (OAuthError, NotPending, NotDue):
            continue
        assert ORDER[after.state] >= ORDER[request.state]
        bought += after.state == "redeemed" != request.state
        decided += request.state == "pending" != after.state
        assert after.account_id == request.account_id
        assert {*after.scopes} <= {*request.scopes}
        request = after
    assert bought <= 1
    assert decided <= 1
    assert (request.state == "redeemed") == (bought == 1)


def test_nobody_else_decides() -> None:
    for change in (
        partial(backchannel.approve, **(APPROVED | {"account_id": "ben"}), scopes=None, now=NOW),
        partial(backchannel.deny, account_id="ben", now=NOW),
    ):
        with pytest.raises(LookupError):
            change(a_request())
        with pytest.raises(LookupError):
            change(None)


def test_what_was_owed_for_too_long_is_an_error_not_tokens() -> None:
    approved = a_request(mode="push", state="approved", decided_at=NOW)
    assert backchannel.outcome(approved, ENDS + LATEST - 1) is None
    assert isinstance(backchannel.outcome(approved, ENDS + LATEST), ExpiredToken)
    assert isinstance(backchannel.outcome(replace(approved, state="pending"), ENDS), ExpiredToken)


@pytest.mark.parametrize("text", ["KOALA 7", "Zahle 5 € an Müller", "שלום 7", "支払い", "x" * 100])
def test_plain_words_of_any_script_may_be_shown(text: str) -> None:
    assert backchannel.check_message(text) == text


@given(some.text(max_size=200))
def test_no_message_steers_a_screen(text: str) -> None:
    try:
        shown = backchannel.check_message(text)
    except InvalidBindingMessage:
        return
    assert shown.isprintable() or "\u00a0" in shown or any(each.isspace() for each in shown)
    assert not {*shown} & {*"\n\r\t\x00\u202e\u2066\u200f\u2028"}


def test_one_app_has_half_of_what_a_person_is_asked() -> None:
    assert [budget.limit for budget in prompt_budgets("ann", "till", 20)] == [20, 10]
    assert [budget.limit for budget in prompt_budgets("ann", "till", 1)] == [1, 1]
