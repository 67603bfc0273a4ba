"""User codes: drawn evenly, shown in groups, forgiven when typed (RFC 8628 section 6.1)."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.oauth.user_code import DIGITS, LETTERS, Profile, draw, normalise, show
from tests.cases import load


@pytest.mark.parametrize(("typed", "code"), load("user_code")["typed"].items(), ids=repr)
def test_dev_39_what_people_type(typed: str, code: str | None) -> None:
    assert normalise(typed) == code


@pytest.mark.parametrize("profile", [LETTERS, DIGITS], ids=lambda profile: profile.name)
def test_dev_40_codes_are_drawn_evenly_from_an_alphabet_without_look_alikes(profile: Profile) -> None:
    drawn = [draw(profile) for _ in range(10_000)]
    assert set("".join(drawn)) == set(profile.alphabet)
    assert {len(code) for code in drawn} == {profile.length}
    for place in range(profile.length):
        counts = Counter(code[place] for code in drawn)
        expected = 10_000 / len(profile.alphabet)
        chi_squared = sum((counts[symbol] - expected) ** 2 / expected for symbol in profile.alphabet)
        assert chi_squared < 70, f"place {place} is not even"  # 19 degrees of freedom: p below 10^-7


def test_dev_40_digits_are_longer_than_letters() -> None:
    assert DIGITS.length >= 9 > LETTERS.length
    assert LETTERS.alphabet == "BCDFGHJKLMNPQRSTVWXZ"


def test_codes_are_shown_in_groups() -> None:
    assert show("WDJBMJHT") == "WDJB-MJHT"
    assert show("019450730") == "019-450-730"


SEPARATORS = st.sampled_from(["", " ", "-", "\u00a0", "–", "\u200b", ".", "_"])


@given(st.sampled_from([LETTERS, DIGITS]), st.lists(SEPARATORS, min_size=9, max_size=9), st.booleans(), st.booleans())
def test_dev_39_any_typing_of_a_code_is_that_code(
    profile: Profile, separators: list[str], is_lower: bool, is_wide: bool
) -> None:
    code = draw(profile)
    typed = code.lower() if is_lower else code
    if is_wide:
        typed = "".join(chr(ord(symbol) + 0xFEE0) for symbol in typed)
    spaced = "".join(symbol + gap for symbol, gap in zip(typed, separators, strict=False))
    assert normalise(spaced) == code


@given(st.text(max_size=400))
def test_anything_typed_is_a_code_or_nothing(typed: str) -> None:
    code = normalise(typed)
    assert code is None or any(
        len(code) == profile.length and set(code) <= set(profile.alphabet) for profile in (LETTERS, DIGITS)
    )
