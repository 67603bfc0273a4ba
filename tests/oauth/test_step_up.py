"""How lately and how well a person must have signed in, as pure law."""

from dataclasses import replace

import pytest

from server.oauth import verification
from server.oauth.authentication import ACR_PASSWORD, ACR_VALUES, ACR_WITH_PASSKEYS, acr, reaches
from server.oauth.device import DeviceAuthorization
from server.oauth.errors import InvalidRequest, UnmetRequirements
from server.oauth.step_up import acr_values_of, is_met, max_age_of

NOW = 1_800_000_000_000
ASKED = DeviceAuthorization(b"c", b"u", "tv", ("profile",), NOW, NOW + 600_000, max_age=60)


@pytest.mark.parametrize(
    ("auth_time", "later", "is_good"),
    [
        (NOW - 60_000, 0, True),
        (NOW - 60_001, 0, False),
        (NOW - 30_000, 30_000, True),
        (NOW - 30_000, 30_001, False),
        (NOW, 500_000, True),  # signed in for this request, and took a while to decide
        (NOW + 1, 500_000, True),
    ],
)
def test_step_01_a_sign_in_is_young_or_made_for_the_request(auth_time: int, later: int, is_good: bool) -> None:
    assert is_met(ASKED, auth_time, ("pwd",), NOW + later) is is_good


def test_step_01_max_age_0_wants_a_sign_in_made_for_the_request() -> None:
    asked = replace(ASKED, max_age=0)
    assert not is_met(asked, NOW - 1, ("pwd",), NOW)
    assert is_met(asked, NOW, ("pwd",), NOW)


def test_step_01_an_approval_by_an_old_sign_in_is_refused_by_the_law_itself() -> None:
    with pytest.raises(verification.NotFresh):
        verification.approve(ASKED, account_id="ana", auth_time=NOW - 61_000, amr=("pwd",), now=NOW)
    approved = verification.approve(ASKED, account_id="ana", auth_time=NOW + 5, amr=("pwd",), now=NOW + 10)
    assert (approved.state, approved.auth_time) == ("approved", NOW + 5)


def test_step_01_an_approval_by_a_weak_sign_in_is_refused_by_the_law_itself() -> None:
    strong = replace(ASKED, acr_values=("phr",))
    with pytest.raises(verification.NotFresh):
        verification.approve(strong, account_id="ana", auth_time=NOW, amr=("pwd",), now=NOW)
    assert verification.approve(strong, account_id="ana", auth_time=NOW, amr=("swk",), now=NOW).state == "approved"


@pytest.mark.parametrize(
    ("amr", "name"),
    [(("pwd",), ACR_PASSWORD), (("swk", "user"), "phr"), (("pwd", "hwk"), "phrh"), (("pop",), "phr"), ((), "")],
)
def test_the_strongest_class_is_the_one_that_is_told(amr: tuple[str, ...], name: str) -> None:
    assert acr(amr) == name


def test_who_reached_a_class_has_reached_those_below() -> None:
    assert reaches(("hwk",), ("phr",))
    assert reaches(("swk",), (ACR_PASSWORD,))
    assert not reaches(("swk",), ("phrh",))
    assert not reaches(("pwd",), ("phr",))
    assert reaches(("pwd",), ("phr", ACR_PASSWORD)), "one of them is enough"
    assert reaches((), ())
    assert not reaches((), (ACR_PASSWORD,))


def test_what_cannot_be_reached_is_refused_before_anybody_is_asked() -> None:
    assert acr_values_of(None) == ()
    with pytest.raises(UnmetRequirements):
        acr_values_of("urn:mace:incommon:iap:gold")
    assert acr_values_of(f"unknown {ACR_VALUES[0]} {ACR_VALUES[0]}") == ACR_VALUES[:1]
    assert acr_values_of("phr phrh", ACR_WITH_PASSKEYS) == ("phr",)
    with pytest.raises(InvalidRequest):
        acr_values_of("x" * 501)


@pytest.mark.parametrize("text", ["-1", "1.5", "x", " 5", "9" * 11, "٣"])
def test_max_age_is_a_whole_number_of_seconds(text: str) -> None:
    with pytest.raises(InvalidRequest):
        max_age_of(text)
    assert (max_age_of(None), max_age_of("0"), max_age_of("300")) == (None, 0, 300)
