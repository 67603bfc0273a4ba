"""The house under siege: once on SQLite, once on PostgreSQL; and the sign-in that must survive whatever is thrown."""

from collections.abc import Iterator

import pytest

from tests.conformance.wire import StoppedClock
from tests.house import Phone, RunningHouse, furnish, open_house


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    with open_house(
        tmp_path_factory.mktemp("house"), clock=StoppedClock(), database_url=url, tries_per_network=1_000
    ) as running:
        yield furnish(running)


@pytest.fixture(scope="module")
def phone(house: RunningHouse) -> Phone:
    phone = Phone(house)
    phone.open(house.begin())
    return phone


@pytest.fixture
def nothing_is_lost(house: RunningHouse, phone: Phone) -> Iterator[None]:
    """Around every test: a sign-in that was in progress before it completes after it."""
    started = house.begin()
    house.poll(started)
    yield
    phone.approve(started)
    answer = house.poll(started)
    assert answer.status_code == 200, answer.text
