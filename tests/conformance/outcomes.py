"""What came of the tests of each item: a pytest plugin that keeps to the tests with an ID, and counts by it."""

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Final

import pytest

from tests.conformance.paper import ids_of

PASSED: Final = "passed"
FAILED: Final = "failed"


class Outcomes:
    """`of[id]` counts tests by how they ended; with `wanted` (groups or IDs) all other tests stay out of the run."""

    def __init__(self, wanted: Collection[str] = ()) -> None:
        self.of: dict[str, Counter[str]] = defaultdict(Counter)
        self._wanted = wanted
        self._ids: dict[str, set[str]] = {}
        self._failed: set[str] = set()

    def is_wanted(self, one: str) -> bool:
        return not self._wanted or one in self._wanted or one.partition("-")[0] in self._wanted

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for item in items:
            if ids := {one for one in ids_of(item.name.partition("[")[0].removeprefix("test_")) if self.is_wanted(one)}:
                self._ids[item.nodeid] = ids
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in self._ids])
        items[:] = [item for item in items if item.nodeid in self._ids]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test counts once, as failed when preparing, running or tidying up failed, or when it was skipped."""
        if not report.passed:
            self._failed.add(report.nodeid)
        if report.when == "teardown":
            outcome = FAILED if report.nodeid in self._failed else PASSED
            for one in self._ids.get(report.nodeid, ()):
                self.of[one][outcome] += 1
