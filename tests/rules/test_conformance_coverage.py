"""docs/conformance.md is honest: every item of RFC 8628 and of the token endpoint is tested, and what waits says so."""

import re

import pytest

from tests.conformance.paper import NONE, PAPER, WAITS, carried, ids_of, rows

SECTIONS = {"DEV": 42, "TOK": 16}
ALL = [f"{group}-{number:02}" for group, count in SECTIONS.items() for number in range(1, count + 1)]

# IDs of these two sections that may wait, with what they wait for: none does.
WAITING: dict[str, str] = {}


@pytest.mark.parametrize("one", ALL)
def test_every_item_is_carried_by_a_test(one: str) -> None:
    assert (one in carried()) != (one in WAITING), f"no test carries {one} in its name, and it does not wait"


HOW = "write: python -m tests.conformance.paper"


def test_the_paper_knows_every_item_that_is_tested_and_names_no_test_that_is_not_there() -> None:
    listed = rows(PAPER.read_text())
    assert len(listed) == len({row[0] for row in listed})
    assert set(ALL) | set(carried()) <= {row[0] for row in listed}
    for one, _, tests, _ in listed:
        assert set(re.findall(r"`(.*?)`", tests)) <= set(carried().get(one, ())), f"{one} in docs/conformance.md; {HOW}"
        assert (tests == NONE) == (one not in carried()), f"{one} in docs/conformance.md; {HOW}"


def test_what_is_not_tested_says_what_it_waits_for_and_nothing_else_does() -> None:
    for one, _, _, remark in rows(PAPER.read_text()):
        assert remark.startswith(WAITS) == (one not in carried()), f"{one} in docs/conformance.md: {remark}; {HOW}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dev_21_only_the_client", {"DEV-21"}),
        ("int_02_and_03_what_is_no_good", {"INT-02", "INT-03"}),
        ("bcp_08_and_xd_08_signing_out", {"BCP-08", "XD-08"}),
        ("o21_01_a_token", {"O21-01"}),
        ("a_body_above_16_kib", set()),
    ],
)
def test_how_a_name_carries_an_id(name: str, expected: set[str]) -> None:
    assert ids_of(name) == expected
