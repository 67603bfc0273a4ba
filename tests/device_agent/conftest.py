"""What every test of the agent may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.device_agent.mock_server import MockServer
from tests.device_agent.process import Agent


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path / "state")


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server
