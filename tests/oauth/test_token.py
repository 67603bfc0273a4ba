"""Token families: one live refresh token, and the alarm when a spent one returns (RFC 9700 section 4.14)."""

from dataclasses import replace

import pytest

from server.oauth.token import Family, RefreshToken, rotate

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
