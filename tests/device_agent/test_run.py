"""`porchlight-agent run` and `call` against the real server: online, renewed, back after a loss, signed out."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.device_agent import people
from tests.device_agent.process import Agent
from tests.house import RunningHouse, furnish, open_house
from tests.waiting import wait_until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    with open_house(tmp_path, mqtt_port=0) as running:
        yield furnish(running)


class Run:
    """A running `porchlight-agent run --json`; its events as they come."""

    def __init__(self, agent: Agent) -> None:
        self.process: subprocess.Popen[str] = agent.start("run", "--json", "--insecure-http")
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.events.append(json.loads(line))

    def wait_for(self, *names: str) -> None:
        """Return once exactly these events have come, in this order."""
        wait_until(lambda: [event["event"] for event in self.events] == list(names), 20)

    def end(self, number: int | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(20)
        self._reader.join(5)
        return code


@pytest.fixture
def running(agent: Agent) -> Iterator[Any]:
    started: list[Run] = []

    def start() -> Run:
        started.append(Run(agent))
        return started[-1]

    yield start
    for run in started:
        run.process.kill()
        run.end()
        for pipe in (run.process.stdout, run.process.stderr):
            if pipe is not None:
                pipe.close()


def sign_in(agent: Agent, house: RunningHouse, lifetime: int = 900) -> dict[str, Any]:
    tokens = house.sign_in()
    names = ("access_token", "refresh_token", "token_type", "scope")
    kept = {name: tokens[name] for name in names}
    agent.sign_in(house.issuer, **kept, client_id="tv", expires_in=lifetime, obtained_at=int(time.time()))
    return tokens


def test_a_call_over_mqtt_prints_the_answer(agent: Agent, house: RunningHouse) -> None:
    sign_in(agent, house)
    ended = agent.run("call", "me", "--insecure-http")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["username"] == "ana"
    added = agent.run("call", "readings.add", "stream=porch", "value:=21.5", "--json", "--insecure-http")
    assert added.events[0]["status"] == 201
    over_http = agent.run("call", "readings.list", "--http", "--insecure-http")
    assert json.loads(over_http.out)["readings"][0]["value"] == 21.5


def test_the_two_roads_give_the_same_answer(agent: Agent, house: RunningHouse) -> None:
    sign_in(agent, house)
    for words in (["me"], ["readings.add", "stream=x", "value=warm"], ["readings.list", "limit:=1000"]):
        over_mqtt = agent.run("call", *words, "--json", "--insecure-http")
        over_http = agent.run("call", *words, "--json", "--http", "--insecure-http")
        assert (over_mqtt.code, over_mqtt.events) == (over_http.code, over_http.events)


def test_a_call_without_tls_needs_the_switch(agent: Agent, house: RunningHouse) -> None:
    sign_in(agent, house)
    assert agent.run("call", "me").code == 5


def test_one_run_at_a_time_and_calls_go_around_it(agent: Agent, house: RunningHouse, running: Any) -> None:
    sign_in(agent, house)
    run = running()
    run.wait_for("online")
    assert "MQTT     online" in agent.run("status", "--insecure-http").out
    second = agent.run("run", "--insecure-http")
    assert (second.code, "running already" in second.err) == (1, True)
    called = agent.run("call", "me", "--insecure-http")
    assert called.code == 0
    assert "over HTTP" in called.err
    run.wait_for("online")
    assert run.end(signal.SIGTERM) == 0
    assert "MQTT     not running" in agent.run("status", "--insecure-http").out


def test_ctrl_c_ends_it_in_order(agent: Agent, house: RunningHouse, running: Any) -> None:
    sign_in(agent, house)
    run = running()
    run.wait_for("online")
    assert run.end(signal.SIGINT) == 130
    assert run.process.stderr.read() == "\n"


def test_the_token_is_renewed_and_the_connection_outlives_the_old_one(
    agent: Agent, house: RunningHouse, running: Any
) -> None:
    before = sign_in(agent, house, lifetime=3)
    house.clock.advance(600)
    run = running()
    run.wait_for("online")
    wait_until(lambda: agent.kept()["refresh_token"] != before["refresh_token"], 15)
    time.sleep(0.5)  # the renewal itself is a call over MQTT
    house.clock.advance(400)
    answer = house.get("/api/me", headers={"Authorization": f"Bearer {before['access_token']}"})
    assert answer.status_code == 401, "the first token has ended"
    time.sleep(1)
    run.wait_for("online")
    assert run.end(signal.SIGTERM) == 0


def test_signed_out_elsewhere_ends_it_with_a_clear_message(agent: Agent, house: RunningHouse, running: Any) -> None:
    tokens = sign_in(agent, house)
    run = running()
    run.wait_for("online")
    begun = time.monotonic()
    house.post("/revoke", {"token": tokens["refresh_token"], "client_id": "tv"})
    assert run.end() == 1
    assert time.monotonic() - begun < 5
    assert run.events[-1]["event"] == "error"
    assert run.events[-1]["code"] == "signed_out"
    assert "signed out elsewhere" in run.events[-1]["message"]


def test_it_comes_back_after_the_server_was_away(agent: Agent, tmp_path: Path, running: Any) -> None:
    with open_house(tmp_path, mqtt_port=0) as house:
        furnish(house)
        sign_in(agent, house)
        port = house.app.house.settings.port
        run = running()
        run.wait_for("online")
    wait_until(lambda: len(run.events) > 1, 10)
    assert run.events[1]["event"] == "offline"
    with open_house(tmp_path, mqtt_port=0, port=port):
        wait_until(lambda: run.events[-1]["event"] == "online", 20)
        assert run.end(signal.SIGTERM) == 0


def test_logout_ends_a_running_connection_too(agent: Agent, house: RunningHouse, running: Any) -> None:
    sign_in(agent, house)
    run = running()
    run.wait_for("online")
    assert agent.run("logout", "--insecure-http").code == 0
    assert run.end() == 1


@pytest.mark.parametrize("nonces", [False, True], ids=["plain", "nonces"])
def test_a_bound_sign_in_comes_back_and_is_renewed_like_any_other(
    agent: Agent, tmp_path: Path, running: Any, nonces: bool
) -> None:
    with open_house(tmp_path, mqtt_port=0, dpop_nonces=nonces) as house:
        furnish(house)
        people.sign_in(agent, house, "--key", "on")
        port = house.app.house.settings.port
        agent.change(expires_in=4)
        before = agent.kept()["refresh_token"]
        run = running()
        run.wait_for("online")
        wait_until(lambda: agent.kept()["refresh_token"] != before, 15)
        assert "MQTT     online" in agent.run("status", "--insecure-http").out
        run.wait_for("online")
    wait_until(lambda: len(run.events) > 1, 10)
    with open_house(tmp_path, mqtt_port=0, port=port, dpop_nonces=nonces):
        wait_until(lambda: run.events[-1]["event"] == "online", 20)
        assert run.end(signal.SIGTERM) == 0
