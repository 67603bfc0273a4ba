"""A kiosk on the loopback, and a browser for it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device_agent.displays.kiosk.screen import Kiosk
from device_agent.displays.port import Look
from tests.browser import browser as browser  # the fixture is used by name

MakeKiosk = Callable[..., Kiosk]


@pytest.fixture
def make_kiosk(tmp_path: Path) -> Iterator[MakeKiosk]:
    made: list[Kiosk] = []

    def make(argument: str = "", **more: object) -> Kiosk:
        made.append(Kiosk(Look(io.StringIO(), io.StringIO(), {}, state_dir=str(tmp_path), **more), argument))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for kiosk in made:
        kiosk.close()


@pytest.fixture
def kiosk(make_kiosk: MakeKiosk) -> Kiosk:
    return make_kiosk()
