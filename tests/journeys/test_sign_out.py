"""Signing out, whoever does it and wherever: the device notices within a second, the person sees it, nobody gets in."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.commands.process import Porchlight, Served
from tests.device_agent.process import Agent
from tests.forms import Forms
from tests.house import Phone

NOTICED_WITHIN = 1.5  # one second, and the end of a Python process


@pytest.fixture(scope="module")
def porchlight(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Porchlight:
    return Porchlight(Path(shutil.copytree(furnished, tmp_path_factory.mktemp("porch") / "data")))


@pytest.fixture(scope="module")
def server(porchlight: Porchlight) -> Iterator[Served]:
    with porchlight.serve(mqtt=True) as running:
        yield running


class Device:
    """A signed-in agent that runs."""

    def __init__(self, server: Served, state: Path) -> None:
        self.agent = Agent(state)
        self.tokens: dict[str, Any] = server.sign_in()
        self.agent.sign_in(server.issuer, client_id="tv", **self.tokens)
        self.process = self.agent.start("run", "--json", "--insecure-http")
        self._event("online")

    def _event(self, wanted: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        late = threading.Timer(30, self.process.kill)
        late.start()
        try:
            event: dict[str, Any] = json.loads(self.process.stdout.readline())
        finally:
            late.cancel()
        assert event["event"] == wanted, event
        return event

    def end(self) -> dict[str, Any]:
        """How it says that it was signed out; it must, and end with 1."""
        out, _ = self.process.communicate(timeout=20)
        assert self.process.returncode == 1
        last: dict[str, Any] = json.loads(out.splitlines()[-1])
        return last

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def devices(server: Served, tmp_path: Path) -> Iterator[list[Device]]:
    """Two of them."""
    with ExitStack() as stack:
        running = []
        for name in ("kitchen", "hall"):
            running.append(Device(server, tmp_path / name))
            stack.callback(running[-1].close)
        yield running


def everywhere(phone: Phone) -> None:
    """Sign out all devices, on the page with the devices."""
    page = phone.web.get(f"{phone.house.address}/devices", timeout=10)
    [form] = [each for each in Forms(page.text).all if each.action.endswith("/devices/sign-out")]
    done = phone.web.post(f"{phone.house.address}{form.action}", data=form.fields, timeout=10)
    assert done.status_code == 200
    assert "Signed out at" in done.text


def test_all_devices_at_once_by_the_person(server: Served, devices: list[Device]) -> None:
    everywhere(server.phone())
    clicked_at = time.monotonic()
    for device in devices:
        end = device.end()
        assert (end["event"], end["code"]) == ("error", "signed_out")
        assert time.monotonic() - clicked_at < NOTICED_WITHIN
        assert server.me(device.tokens).status_code == 401
        assert device.agent.run("call", "me", "--insecure-http").code == 1


def test_one_device_by_the_operator(porchlight: Porchlight, server: Served, devices: list[Device]) -> None:
    kitchen, hall = devices
    porchlight.do("device", "sign-out", server.me(kitchen.tokens).json()["device_id"])
    said_at = time.monotonic()
    assert kitchen.end()["code"] == "signed_out"
    assert time.monotonic() - said_at < NOTICED_WITHIN
    assert server.me(hall.tokens).status_code == 200
    assert hall.process.poll() is None, "the other one stays"


def test_a_device_by_itself(server: Served, devices: list[Device]) -> None:
    kitchen, hall = devices
    out = kitchen.agent.run("logout", "--insecure-http")
    assert (out.code, out.out) == (0, "Signed out, here and at the server.\n"), out
    assert kitchen.end()["code"] == "signed_out"
    assert not kitchen.agent.tokens.exists()
    assert server.me(kitchen.tokens).status_code == 401
    assert server.me(hall.tokens).status_code == 200
    hall.process.terminate()
    assert hall.process.wait(20) == 0, "its supervisor may stop it, and it stays signed in"
    assert server.me(hall.tokens).status_code == 200
