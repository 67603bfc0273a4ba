"""One house per file of tests, with a clock that stands still, and two phones that are signed in.

Whatever it answers is held against what `/openapi.json` says that it may.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import StoppedClock
from tests.house import Phone, RunningHouse, furnish, open_house
from tests.openapi.witness import Witness


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """Public `tv` and `radio`, confidential `backend`, disabled `gone`, `plain` without the device grant."""
    with open_house(tmp_path_factory.mktemp("house"), clock=StoppedClock()) as running:
        witness = Witness(furnish(running).app)
        running.add_client("gone", is_enabled=False)
        running.add_client("plain", grants=("refresh_token",))
        running.add_client("modest", grants=(GRANT_TYPE,), scopes=("profile",))
        yield running
    assert witness.undocumented == [], "say in the `about` of the endpoint what it answers"


@pytest.fixture(scope="module")
def ana(house: RunningHouse) -> Phone:
    return _signed_in(Phone(house, "ana"))


@pytest.fixture(scope="module")
def ben(house: RunningHouse) -> Phone:
    return _signed_in(Phone(house, "ben"))


@pytest.fixture
def started(house: RunningHouse) -> dict[str, Any]:
    """A sign-in that `tv` has begun."""
    return house.begin()


def _signed_in(phone: Phone) -> Phone:
    phone.open(phone.house.begin())
    return phone
