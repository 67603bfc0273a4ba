"""`make conformance`: run the tests that carry an ID, say item by item what came of them, and write the paper anew.

`python -m tests.conformance` runs all; `… DPOP TX-03` these groups and items. It ends with 1 when a test failed or an
item has none, unless the paper argues why it is not ours.
"""

import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import pytest

from tests.conformance.outcomes import FAILED, PASSED, Outcomes
from tests.conformance.paper import CHAOS, NOT_OURS, PAPER, TESTS, carried, filled, rows

HEAD: Final = ("ID", "What it asks", "Passed", "Failed", "Remark")
ASKED_WIDTH: Final = 72


class Line(NamedTuple):
    """An item, and what came of its tests."""

    one: str
    asked: str
    passed: int
    failed: int
    remark: str

    @property
    def is_shown(self) -> bool:
        return self.passed > 0 and self.failed == 0

    @property
    def is_open(self) -> bool:
        """Whether something is left to do: no test, or one that failed."""
        return not self.is_shown and (self.failed > 0 or not self.remark.startswith(NOT_OURS))


def main(wanted: Sequence[str]) -> int:
    outcomes = Outcomes({word.upper() for word in wanted})
    files = sorted({path for one, paths in carried().items() if outcomes.is_wanted(one) for path in paths})
    if not files:
        print(f"No test carries {' or '.join(wanted)}: write groups and IDs as docs/conformance.md does.")
        return 2
    ended = pytest.main(["-q", "--no-header", "-rfE", *(str(TESTS.parent / path) for path in files)], [outcomes])
    PAPER.write_text(filled(PAPER.read_text()))
    table = lines(outcomes)
    show(table)
    print(summary(table))
    return int(any(line.is_open for line in table) or ended != pytest.ExitCode.OK)


def lines(outcomes: Outcomes) -> list[Line]:
    """Every item of the paper that was asked for, in its order."""
    none: Counter[str] = Counter()
    return [
        Line(one, asked, (came := outcomes.of.get(one, none))[PASSED], came[FAILED], remark)
        for one, asked, _, remark in rows(PAPER.read_text())
        if outcomes.is_wanted(one)
    ]


def show(table: Sequence[Line]) -> None:
    """In colour on a terminal; elsewhere one line of text for each item, for `grep`."""
    if sys.stdout.isatty():
        _show_on_a_terminal(table)
        return
    for line in table:
        word = "ok  " if line.is_shown else "OPEN" if line.is_open else "argd"
        asked = line.asked if len(line.asked) <= ASKED_WIDTH else line.asked[: ASKED_WIDTH - 3] + "..."
        print(f"{word} {line.one:8} {line.passed:4} {line.failed:2}  {asked:{ASKED_WIDTH}}  {line.remark}".rstrip())


def _show_on_a_terminal(table: Sequence[Line]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(*HEAD, row_styles=["", "dim"])
    for line in table:
        colour = "green" if line.is_shown else "red" if line.is_open else "yellow"
        failed = f"[red]{line.failed}[/]" if line.failed else ""
        counts = (str(line.passed or ""), failed)
        drawn.add_row(f"[{colour}]{line.one}[/]", escape(line.asked), *counts, escape(line.remark))
    Console(width=max(100, shutil.get_terminal_size().columns)).print(drawn)


def summary(table: Sequence[Line]) -> str:
    """`178 of 180 items shown …`, and what is open."""
    items = [line for line in table if not line.one.startswith(CHAOS)]
    races = [line for line in table if line.one.startswith(CHAOS)]
    shown = sum(line.is_shown for line in items)
    argued = [line.one for line in items if not line.is_shown and not line.is_open]
    words = [f"{shown} of {len(items)} items shown by passing tests"]
    words += [f"{sum(line.is_shown for line in races)} of {len(races)} races"] if races else []
    words += [f"argued: {', '.join(argued)}"] if argued else []
    words += [f"OPEN: {', '.join(line.one for line in table if line.is_open)}"] if any(x.is_open for x in table) else []
    return "; ".join(words)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
