"""docs/conformance.md and the tests: which test files carry the ID of an item in a test's name.

`python -m tests.conformance.paper` writes the column of tests anew; tests/rules/test_conformance_coverage.py reads it.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]
PAPER: Final = TESTS.parent / "docs" / "conformance.md"
GROUPS: Final = "dev|tok|bcp|xd|dpop|meta|rev|int|tx|ciba|pkce|iss|par|reg|pkj|jat|oidc|mq|step|mtls|key|prm|o21"
CHAOS: Final = "CHAOS"  # the twelve races of the last section; they are beside the items, not among them
NOT_OURS: Final = "not ours: "
WAITS: Final = ("waits for: ", NOT_OURS)
NONE: Final = "–"
_NAME: Final = re.compile(r"^\s*(?:async )?def test_(\w+)\(", re.MULTILINE)
_ID: Final = re.compile(rf"(?:^|_)({GROUPS}|chaos)_(\d\d)(?=_|$)((?:_and_\d\d(?=_))*)")
_ROW: Final = re.compile(r"^\| ([A-Z0-9]+-\d\d) \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)


def ids_of(name: str) -> set[str]:
    """The IDs that a test's name carries: `dev_21_only_…` -> {"DEV-21"}, `int_02_and_03_…` -> both."""
    found = set()
    for group, number, more in _ID.findall(name):
        found |= {f"{group}-{each}".upper() for each in [number, *re.findall(r"\d\d", more)]}
    return found


@cache
def carried() -> dict[str, list[str]]:
    """Each ID and the files with a test that carries it."""
    by_id: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for one in {one for name in _NAME.findall(path.read_text()) for one in ids_of(name)}:
            by_id.setdefault(one, []).append(str(path.relative_to(TESTS.parent)))
    return by_id


def rows(text: str) -> list[tuple[str, str, str, str]]:
    """ID, requirement, tests and remark of every row."""
    return _ROW.findall(text)


def filled(text: str) -> str:
    """The paper with the column of tests as the tests are now; what is tested waits no more."""

    def row(found: re.Match[str]) -> str:
        tests = ", ".join(f"`{path}`" for path in carried().get(found[1], ())) or NONE
        remark = "" if tests != NONE and found[4].startswith(WAITS) else found[4]
        return f"| {found[1]} | {found[2]} | {tests} | {remark} |"

    return _ROW.sub(row, text)


if __name__ == "__main__":
    PAPER.write_text(filled(PAPER.read_text()))
