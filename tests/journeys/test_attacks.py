"""Every attack on the approval, in a real browser: each ends as docs/security.md says (RFC 10027 sections 4 and 6)."""

from pathlib import Path

import pytest

from tests.browser import OpenPhone, browser, phone
from tests.conformance.ladder import furnished, settings
from tests.conformance.wire import StoppedClock
from tests.house import open_house
from tests.journeys.attacks import ATTACKS, Attack, Scene, limits

__all__ = ["browser", "phone"]


@pytest.mark.parametrize(("attack", "end"), ATTACKS, ids=lambda each: getattr(each, "__name__", each))
def test_xd_01_the_attack_ends_as_the_table_says(attack: Attack, end: str, phone: OpenPhone, tmp_path: Path) -> None:
    with open_house(tmp_path, clock=StoppedClock(), **settings(tmp_path, **limits())) as house:
        assert attack(Scene(furnished(house), phone)) == end
