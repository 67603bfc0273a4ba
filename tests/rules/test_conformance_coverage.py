"""docs/conformance.md is honest: all 180 items and the twelve races are there, each is tested or argued."""

import re

import pytest

from tests.conformance.paper import NONE, PAPER, WAITS, carried, ids_of, rows

SECTIONS = {"DEV": 42, "TOK": 16, "BCP": 12, "XD": 20, "DPOP": 14, "META": 8, "REV": 7, "INT": 8, "TX": 8, "CIBA": 14}
SECTIONS |= {"PKCE": 1, "ISS": 1, "PAR": 2, "REG": 4, "PKJ": 3, "JAT": 3, "OIDC": 4, "MQ": 8, "STEP": 1, "MTLS": 1}
SECTIONS |= {"KEY": 1, "PRM": 1, "O21": 1, "CHAOS": 12}
ALL = [f"{group}-{number:02}" for group, count in SECTIONS.items() for number in range(1, count + 1)]

# Items without a test, and why: docs/conformance.md says it, too.
WAITING: dict[str, str] = {
    "XD-07": "not ours: a matter of mail and messaging",
    "XD-18": "not ours: XD-19 is the same check the other way round, for devices without keys to type on",
}


@pytest.mark.parametrize("one", ALL)
def test_every_item_is_carried_by_a_test(one: str) -> None:
    assert (one in carried()) != (one in WAITING), f"no test carries {one} in its name, and it does not wait"


HOW = "write: python -m tests.conformance.paper"


def test_the_paper_knows_every_item_that_is_tested_and_names_no_test_that_is_not_there() -> None:
    listed = rows(PAPER.read_text())
    assert len(listed) == len({row[0] for row in listed})
    assert set(ALL) | set(carried()) == {row[0] for row in listed}
    assert len(ALL) - SECTIONS["CHAOS"] == 180
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
