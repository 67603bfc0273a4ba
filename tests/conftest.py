"""Fixtures for all tests. The parts they are made of are in modules of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import RunningHouse, furnish, open_house
from tests.postgres import Cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A running PostgreSQL of our own (`tests/postgres.py` says how to use it)."""
    cluster = Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh storage, once for each kind there is."""
    return "memory:" if request.param == "memory" else _shared(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh database that several processes can share and that outlives them, once for each kind."""
    return _shared(request, tmp_path)


def _shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'porchlight.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.database()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    """A running server on SQLite with the people and clients of `tests.house.furnish`."""
    with open_house(tmp_path) as running:
        yield furnish(running)
