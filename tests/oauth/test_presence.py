"""The presence ladder, combination by combination, against the table of what it must decide (RFC 10027 section 6.1)."""

from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.oauth import presence
from server.oauth.claim import LONGEST, RESERVED, claim_of
from server.oauth.presence import Decision, Facts, Level
from tests.cases import load

CASES: Final = load("presence")


def every(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Every combination of these columns."""
    return [dict(zip(columns, values, strict=True)) for values in product(*columns.values())]


def law(table: str, outcome: tuple[str, ...], facts: dict[str, Any]) -> dict[str, Any]:
    """What the one row says that fits these facts."""
    fitting = [
        row
        for row in CASES[table]
        if all(
            name in outcome or facts[name] in (value if isinstance(value, list) else [value])
            for name, value in row.items()
            if name not in outcome
        )
    ]
    said = [{name: row[name] for name in outcome} for row in fitting]
    assert said, f"no row fits {facts}"
    assert all(each == said[0] for each in said), f"rows disagree about {facts}: {fitting}"
    return said[0]


def test_xd_01_every_combination_of_facts_has_the_level_that_the_table_says() -> None:
    combinations = every(CASES["facts"])
    assert len(combinations) == 3 * 3 * 2 * 2 * 3 * 2 * 2
    for facts in combinations:
        assert presence.level_of(Facts(**facts)) == law("levels", ("level",), facts)["level"], facts


def test_xd_01_every_combination_of_facts_and_terms_asks_for_what_the_table_says() -> None:
    count = 0
    for facts, terms in product(every(CASES["facts"]), every(CASES["terms"])):
        browser = terms["is_same_browser"]
        rules = {name: terms[name] for name in ("policy", "digits", "shows_match")}
        decision = presence.decide(Facts(**facts, is_same_browser=browser), **rules)
        known = {"level": law("levels", ("level",), facts)["level"], **terms}
        known["proof"] = law_of_proof(known)
        rest = law_of_notice(known)
        level = Level.BLOCKED if known["proof"] is None else Level(known["level"])
        assert decision == Decision(level, known["proof"], **rest), (facts, terms)
        count += 1
    assert count == 432 * 48


_PROOFS: dict[tuple[Any, ...], Any] = {}
_NOTICES: dict[tuple[Any, ...], Any] = {}


def law_of_proof(known: dict[str, Any]) -> Any:
    key = tuple(known.values())
    if key not in _PROOFS:
        _PROOFS[key] = law("proofs", ("proof",), known)["proof"]
    return _PROOFS[key]


def law_of_notice(known: dict[str, Any]) -> Any:
    key = tuple(known.values())
    if key not in _NOTICES:
        stopped = [row for row in CASES["notices"] if "proof" in row]
        outcome = ("notice", "needs_fresh_sign_in", "would_block")
        rows = [row for row in CASES["notices"] if "proof" not in row]
        fitting = stopped if known["proof"] is None else [row for row in rows if _fits(row, known, outcome)]
        assert len(fitting) == 1, known
        _NOTICES[key] = {name: fitting[0][name] for name in outcome}
    return _NOTICES[key]


def _fits(row: dict[str, Any], known: dict[str, Any], outcome: tuple[str, ...]) -> bool:
    return all(
        known[name] in (value if isinstance(value, list) else [value])
        for name, value in row.items()
        if name not in outcome
    )


def test_more_knowledge_of_a_stranger_never_asks_for_less() -> None:
    """Whatever else is known: another country, a data centre, a second account or a report never lower the level."""
    for facts in every(CASES["facts"]):
        level = presence.level_of(Facts(**facts))
        for worse in ({"country": "different"}, {"is_hosted": True}, {"is_shared": True}, {"history": "reported"}):
            assert presence.level_of(Facts(**(facts | worse))) >= level, (facts, worse)


def test_the_number_is_two_digits_and_one_of_three_different_ones() -> None:
    for _ in range(300):
        match = presence.draw_match()
        offered = presence.choices(match)
        assert len(set(offered)) == presence.CHOICES == 3
        assert match in offered
        assert all(len(each) == 2 and each[0] != "0" for each in offered)
    places = {presence.choices("47").index("47") for _ in range(200)}
    assert places == {0, 1, 2}, "where it stands tells nothing"


@pytest.mark.parametrize(
    ("typed", "read"),
    [("47", "47"), (" 4 7 ", "47"), ("４７", "47"), ("٤٧", "47"), ("", ""), ("x", ""), ("-47", ""), ("4747", "")],
)
def test_digits_are_read_however_they_are_typed(typed: str, read: str) -> None:
    assert presence.read_match(typed) == read


@pytest.mark.parametrize("case", CASES["claims"], ids=lambda case: repr(case["claimed"]))
def test_a_claimed_name_is_shown_harmless_or_not_at_all(case: dict[str, Any]) -> None:
    assert claim_of(case["claimed"]) == (case["shown"], case.get("is_hidden", False))


@given(st.text(max_size=300))
def test_no_claimed_name_is_long_or_steers_a_page(text: str) -> None:
    shown, is_hidden = claim_of(text)
    assert not (shown and is_hidden)
    if shown is not None:
        assert 0 < len(shown) <= LONGEST
        assert "//" not in shown
        assert not any(sign in shown for sign in "\u202e\u202d\u2066\u2067\u200f\x1b\n\r\x00")
        assert not any(word in shown.casefold() for word in RESERVED)
