"""Guess budgets: no order of tries beats the limits, and a right one costs nothing (RFC 8628 section 5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.oauth.guess import (
    Budget,
    Count,
    Limits,
    network,
    password_budgets,
    person_budgets,
    service_budgets,
    take,
    user_code_budgets,
)

BUDGET = Budget("code/session/x", 5, 600_000)


@given(st.lists(st.integers(0, 60_000), max_size=60))
def test_dev_33_no_window_lets_more_tries_through_than_its_limit(pauses: list[int]) -> None:
    counts: dict[str, Count] = {}
    now, taken_at = 0, []
    for pause in pauses:
        now += pause
        changed, wait = take([BUDGET], counts, now)
        counts |= changed
        assert (wait > 0) == (not changed)
        if not wait:
            taken_at.append(now)
            started_at = counts[BUDGET.key].started_at
            assert sum(at >= started_at for at in taken_at) <= BUDGET.limit


def test_one_full_budget_stops_the_try_and_none_is_charged() -> None:
    wide = Budget("code/service", 1_000, 600_000)
    counts = {BUDGET.key: Count(5, 100)}
    assert take([BUDGET, wide], counts, 200) == ({}, 100 + 600_000 - 200)


def test_after_the_window_there_is_room_again() -> None:
    changed, wait = take([BUDGET], {BUDGET.key: Count(5, 0)}, 600_000)
    assert (changed[BUDGET.key], wait) == (Count(1, 600_000), 0)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("unix", "unix"),
    ],
)
def test_blame_goes_to_a_network_not_to_an_address_out_of_many(address: str, expected: str) -> None:
    assert network(address) == expected


def test_dev_33_codes_are_limited_by_session_network_service_and_account() -> None:
    budgets = user_code_budgets(Limits(), session="s", account_id="a", address="203.0.113.7")
    assert {budget.key for budget in budgets} == {"code/session/s", "code/network/203.0.113.7", "code/account/a"}
    assert [budget.key for budget in service_budgets(Limits())] == ["code/service"]


def test_a_stranger_cannot_lock_an_account_out_by_its_name() -> None:
    keys = [budget.key for budget in password_budgets(Limits(), username="ana", address="203.0.113.7")]
    assert keys == ["password/account/ana/203.0.113.7", "password/account/ana", "password/network/203.0.113.7"]
    limits = [budget.limit for budget in password_budgets(Limits(), username="ana", address="203.0.113.7")]
    assert limits[1] == 10 * limits[0]


def test_a_person_is_counted_whichever_name_was_typed_and_nobody_takes_their_place() -> None:
    def keys(account_id: str, typed: str) -> list[str]:
        return [each.key for each in person_budgets(Limits(), account_id=account_id, typed=typed, address="192.0.2.1")]

    assert keys("a", "ana") == keys("a", "ana@example.com") == ["password/person/a/192.0.2.1", "password/person/a"]
    assert not {*keys("", "a"), *keys("", "person/a")} & {*keys("a", "ana")}, "a name like an id is still nobody's"
