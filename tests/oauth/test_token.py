"""Token families: one live refresh token, and the alarm when a spent one returns (RFC 9700 section 4.14)."""

from dataclasses import replace
from typing import Any

import pytest

from server.oauth.token import Family, RefreshToken, first_of, may_repeat_first, rotate, successor_of

NOW = 1_000_000
FAMILY = Family("f", "tv", "ana", "d", ("profile",), NOW, NOW, NOW + 900_000, NOW)
SHOWN = RefreshToken(b"1" * 32, "f", NOW, NOW + 500_000)
NEXT = RefreshToken(b"2" * 32, "f", NOW + 10, NOW + 500_010)


def test_a_refresh_spends_the_token_and_puts_its_successor_in_place() -> None:
    rotation = rotate(FAMILY, SHOWN, NEXT, "tv", NOW + 10)
    assert rotation.refusal is None
    assert rotation.shown.spent_at == NOW + 10
    assert rotation.successor == NEXT
    assert rotation.family.last_seen_at == NOW + 10
    assert rotation.family.ended_at is None


def test_bcp_07_a_spent_token_ends_the_whole_family() -> None:
    rotation = rotate(FAMILY, replace(SHOWN, spent_at=NOW + 5), NEXT, "tv", NOW + 10)
    assert rotation.refusal is not None
    assert rotation.family.ended_at == NOW + 10
    assert rotation.successor is None


def test_tok_13_another_client_changes_nothing_even_with_a_spent_token() -> None:
    rotation = rotate(FAMILY, replace(SHOWN, spent_at=NOW + 5), NEXT, "radio", NOW + 10)
    assert rotation.refusal is not None
    assert rotation.family == FAMILY


@pytest.mark.parametrize(
    ("family", "shown", "now"),
    [
        (replace(FAMILY, ended_at=NOW + 1), SHOWN, NOW + 10),
        (FAMILY, SHOWN, SHOWN.expires_at),
        (replace(FAMILY, expires_at=NOW + 5), SHOWN, NOW + 10),
    ],
    ids=["ended family", "lapsed token", "lapsed family"],
)
def test_tok_10_what_is_dead_stays_dead(family: Family, shown: RefreshToken, now: int) -> None:
    rotation = rotate(family, shown, NEXT, "tv", now)
    assert rotation.refusal is not None
    assert rotation.successor is None
    assert rotation.family.ended_at == family.ended_at


SPENT = {"spent_at": NOW + 1}


@pytest.mark.parametrize(
    ("family", "first", "key", "later", "is_proven", "may"),
    [
        ({"jkt": "k"}, {}, "k", 59_999, False, True),
        ({"jkt": "k"}, {}, "k", 60_000, False, False),
        ({"jkt": "k"}, {}, "other", 0, True, False),
        ({"jkt": "k"}, {}, None, 0, True, False),
        ({"jkt": "k"}, SPENT, "k", 1, False, False),
        ({"jkt": "k"}, None, "k", 1, False, True),
        ({"jkt": "k", "ended_at": NOW}, {}, "k", 1, False, False),
        ({}, {}, None, 1, True, True),
        ({}, {}, None, 1, False, False),
        ({}, {}, "any", 1, False, False),
    ],
)
def test_dev_31_the_answer_to_a_code_is_repeated_for_the_same_party_alone(
    family: dict[str, Any], first: dict[str, Any] | None, key: str | None, later: int, is_proven: bool, may: bool
) -> None:
    begun = replace(FAMILY, created_at=NOW, expires_at=NOW + 10**9, ended_at=None, jkt=None)
    begun = replace(begun, **family)
    kept = None if first is None else replace(RefreshToken(b"t", begun.family_id, NOW, NOW + 10**9), **first)
    assert may_repeat_first(begun, kept, key, NOW + later, is_proven=is_proven) is may


def test_dev_31_the_first_token_is_made_of_code_and_family_together() -> None:
    made = {first_of(code, family) for code in ("a", "b") for family in ("f", "g")}
    assert len(made) == 4
    assert first_of("a", "f") in made
    assert {len(each) for each in made} == {43}
    assert first_of("a", "f") != successor_of("a", b"f")
