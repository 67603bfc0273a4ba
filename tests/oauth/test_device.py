"""The law of one device authorization, cell by cell (RFC 8628 section 3.5)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.oauth import device, verification
from server.oauth.device import DeviceAuthorization, Pace, keep_pace
from server.oauth.errors import AuthorizationPending, InvalidGrant, OAuthError
from tests.cases import load

TABLE = load("state_table")["rows"]
BEGUN, LIFE = 1_000_000, 600_000
NEW = DeviceAuthorization(b"c" * 32, b"u" * 32, "tv", ("profile",), BEGUN, BEGUN + LIFE)


def in_state(state: str) -> DeviceAuthorization | None:
    if state == "unknown":
        return None
    approved = verification.approve(NEW, account_id="ana", auth_time=BEGUN, now=BEGUN + 1)
    by_state = {
        "pending": NEW,
        "approved": approved,
        "denied": verification.deny(NEW, account_id="ana", now=BEGUN + 1),
        "redeemed": device.redeem(approved, "tv", BEGUN + 2),
    }
    return by_state[state]


@pytest.mark.parametrize("column", ["on_time", "early", "other_client", "expired"])
@pytest.mark.parametrize("state", TABLE)
def test_the_state_table(state: str, column: str) -> None:
    polled_at = {"early": BEGUN + 11_000, "expired": BEGUN + LIFE}.get(column, BEGUN + 15_000)
    client_id = "radio" if column == "other_client" else "tv"
    try:
        device.poll(in_state(state), client_id, polled_at)
        found = "tokens"
    except AuthorizationPending as pending:
        is_early = keep_pace(Pace(BEGUN + 10_000), polled_at)[1]
        found = "slow_down" if is_early else pending.error
    except OAuthError as error:
        found = error.error
    assert found == TABLE[state][column]


@pytest.mark.parametrize("story", load("pace")["stories"], ids=lambda story: story["name"])
def test_the_pace_of_polling(story: dict[str, list[list[int]]]) -> None:
    pace = Pace()
    for at, told in story["polls"]:
        pace, is_early = keep_pace(pace, at)
        assert (device.slow_down(pace).members["interval"] if is_early else 0) == told, at


@given(st.lists(st.integers(0, 800), min_size=100, max_size=100))
def test_dev_25_a_client_at_the_interval_with_jitter_is_never_told_to_slow_down(jitter: list[int]) -> None:
    pace = Pace()
    for number, late in enumerate(jitter):
        pace, is_early = keep_pace(pace, number * 5_000 + late)
        assert not is_early


@given(st.lists(st.integers(0, 4_000), max_size=30))
def test_dev_25_a_client_that_obeys_recovers_within_two_polls(impatience: list[int]) -> None:
    pace, now = Pace(), 0
    for pause in impatience:
        now += pause
        pace, _ = keep_pace(pace, now)
    answers = []
    for _ in range(2):
        now += pace.interval
        pace, is_early = keep_pace(pace, now)
        answers.append(is_early)
    assert answers[-1] is False


@given(st.lists(st.integers(0, 100_000), max_size=50))
def test_the_interval_only_grows_and_never_beyond_a_minute(pauses: list[int]) -> None:
    pace, now = Pace(), 0
    for pause in pauses:
        now += pause
        before = pace.interval
        pace, is_early = keep_pace(pace, now)
        assert pace.interval == min(before + 5_000, 60_000) if is_early else pace.interval == before


def test_dev_27_what_was_denied_cannot_be_approved() -> None:
    denied = verification.deny(NEW, account_id="ana", now=BEGUN + 1)
    with pytest.raises(verification.NotPending):
        verification.approve(denied, account_id="ana", auth_time=BEGUN, now=BEGUN + 2)


def test_dev_28_nothing_is_decided_after_the_expiry() -> None:
    for decide in (
        lambda: verification.approve(NEW, account_id="ana", auth_time=BEGUN, now=NEW.expires_at),
        lambda: verification.deny(NEW, account_id="ana", now=NEW.expires_at),
    ):
        with pytest.raises(verification.NotPending):
            decide()


def test_dev_42_consent_can_only_shrink_the_scopes() -> None:
    asking = replace(NEW, scopes=("profile", "readings:read"))
    approved = verification.approve(
        asking, account_id="ana", auth_time=BEGUN, scopes=["readings:read", "admin"], now=BEGUN + 1
    )
    assert approved.scopes == ("readings:read",)


def test_dev_31_what_is_redeemed_stays_redeemed() -> None:
    redeemed = in_state("redeemed")
    with pytest.raises(InvalidGrant):
        device.redeem(redeemed, "tv", BEGUN + 3)
    assert redeemed is not None
    with pytest.raises(verification.NotPending):
        verification.approve(redeemed, account_id="ana", auth_time=BEGUN, now=BEGUN + 3)
