"""`porchlight-sim` against a real `porchlight serve`, both as programs: a mixed fleet, none lost, and exit codes."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import browser
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
PASSWORD = "a long enough password"
WITHIN = 60
MIXED = ("patient=3", "plain=2", "impatient", "flaky", "forgetful=2", "denied=2", "sleepy")
# With this seed no flaky device meets two misfortunes in a row: that costs it half a minute of its own back-off.
SEED = "swing"


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONUTF8": "1"}


def porchlight(data_dir: Path, *arguments: str, stdin: str = "") -> None:
    command = [sys.executable, "-m", "server.commands", *arguments, "--data-dir", str(data_dir)]
    subprocess.run(command, cwd=ROOT, env=environment(), input=stdin, text=True, check=True, timeout=WITHIN)


class Server:
    """A running `porchlight serve` on this data, on free ports unless they are given."""

    def __init__(self, data_dir: Path, port: int = 0, mqtt_port: int = 0) -> None:
        flags = ("--data-dir", str(data_dir), "--port", str(port), "--mqtt-port", str(mqtt_port), "--json")
        command = [sys.executable, "-m", "server.commands", "serve", *flags]
        with (data_dir / "log").open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        self._out = self.process.stdout
        readable, _, _ = select.select([self._out], [], [], WITHIN)
        line = self._out.readline() if readable else ""
        if not line:
            self.stop()
        self.ready: dict[str, Any] = json.loads(line)

    @property
    def issuer(self) -> str:
        return str(self.ready["issuer"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        try:
            self.process.wait(WITHIN)
        finally:
            self.process.kill()
            self._out.close()


def furnished(data_dir: Path) -> Path:
    """A data folder with a person and an app in it."""
    porchlight(data_dir, "user", "add", "ana", "--password-stdin", stdin=PASSWORD + "\n")
    grants = ("--grant", "device_code", "refresh_token", "--scope", "profile readings:write")
    porchlight(data_dir, "client", "add", "--client-id", "porchlight-tv", "--name", "Porchlight TV", *grants)
    return data_dir


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Server(furnished(tmp_path_factory.mktemp("house")))
    yield server.issuer
    server.stop()


def start(*arguments: str, **more: str) -> "subprocess.Popen[str]":
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-W", "error", "-m", "firmware_sim", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env={**environment(), **more}, text=True, **pipes)


def simulate(*arguments: str, password: str = PASSWORD, **more: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    process = start(*arguments, "--password-stdin", **more)
    try:
        out, err = process.communicate(password + "\n", timeout=WITHIN)
    finally:
        process.kill()
    return process.returncode, out, err


def test_a_mixed_fleet_of_sixty_loses_nobody(issuer: str) -> None:
    flags = ("--count", "60", "--rate", "40", "--timeout", "55", "--seed", SEED, "--json")
    code, out, err = simulate("--server", issuer, "--user", "ana", "--habit", *MIXED, *flags)
    report: dict[str, Any] = json.loads(out)
    assert (code, report["lost"], report["failed"], err) == (0, 0, 0, ""), report["examples"]
    assert (report["devices"], report["denied"], report["signed_in"]) == (60, 10, 50)
    assert report["approval_to_token_ms"]["count"] == 50
    assert report["mqtt_round_trip_ms"]["count"] == 100
    habits = report["habits"]
    assert habits["impatient"]["slow_downs"] == report["slow_downs"] > 0
    assert report["restarts"] == 2 * habits["forgetful"]["devices"]
    assert report["lost_requests"] > 0
    assert report["new_codes"] >= report["lost_answers"]
    # A held request is answered the moment the person decides; a poller waits for its interval.
    assert habits["patient"]["approval_to_token_ms"]["p50"] < 1_000
    assert habits["plain"]["approval_to_token_ms"]["max"] < 15_000


def test_a_fleet_outlives_a_server_that_is_killed_and_started_again(tmp_path: Path) -> None:
    server = Server(furnished(tmp_path))
    flags = ("--count", "40", "--rate", "10", "--timeout", "55", "--json")
    process = start("--server", server.issuer, "--user", "ana", *flags, PORCHLIGHT_SIM_PASSWORD=PASSWORD)
    try:
        wait_until(lambda: sign_ins_started(server.issuer) >= 15, WITHIN)
        server.stop(signal.SIGKILL)
        server = Server(tmp_path, server.ready["port"], server.ready["mqtt_port"])
        out, err = process.communicate(timeout=WITHIN)
    finally:
        process.kill()
        server.stop()
    report = json.loads(out)
    assert (process.returncode, report["lost"], err) == (0, 0, ""), report["examples"]
    assert report["signed_in"] == 40
    assert report["lost_requests"] + report["reconnects"] + report["page_reloads"] > 0


def test_a_fleet_for_people_ends_with_a_table(issuer: str) -> None:
    code, out, err = simulate("--server", issuer, "--user", "ana", "--count", "3", "--no-mqtt")
    assert (code, err) == (0, "")
    assert "every device ended as it should" in out
    assert "approval to token" in out
    assert "\x1b" not in out


def test_a_fleet_that_loses_devices_exits_1_and_says_why(issuer: str) -> None:
    flags = ("--count", "2", "--client-id", "nobody-registered")
    code, out, _ = simulate("--server", issuer, "--user", "ana", *flags)
    assert code == 1
    assert "invalid_client" in out
    assert "2 devices were lost" in out


@pytest.mark.parametrize(
    ("flags", "password", "said"),
    [
        ((), "not the password", "--user"),
        (("--count", "none"), PASSWORD, "--count"),
        (("--habit", "lazy"), PASSWORD, "--habit lazy"),
    ],
)
def test_a_wrong_order_exits_2_and_says_what_to_write(
    issuer: str, flags: tuple[str, ...], password: str, said: str
) -> None:
    code, out, err = simulate("--server", issuer, "--user", "ana", *flags, password=password)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert password not in err


def test_a_server_out_of_reach_exits_5() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        code, out, err = simulate("--server", f"http://127.0.0.1:{taken.getsockname()[1]}", "--user", "ana")
    assert (code, out) == (5, "")
    assert "cannot reach" in err


def test_too_few_open_files_are_refused_before_any_device_starts(issuer: str) -> None:
    limited = "ulimit -n 200 && exec " + " ".join([sys.executable, "-m", "firmware_sim", "--count", "1000"])
    command = ["sh", "-c", f"{limited} --server {issuer} --user ana --password-stdin"]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment(), input=PASSWORD, capture_output=True, text=True, timeout=WITHIN
    )
    assert ended.returncode == 2
    assert "open files" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_fleet_still_reports_and_exits_130(issuer: str, number: signal.Signals) -> None:
    before = sign_ins_started(issuer)
    process = start("--server", issuer, "--user", "ana", "--habit", "plain", "--json", PORCHLIGHT_SIM_PASSWORD=PASSWORD)
    try:
        wait_until(lambda: sign_ins_started(issuer) > before, WITHIN)
        process.send_signal(number)
        out, err = process.communicate(timeout=WITHIN)
    finally:
        process.kill()
    assert (process.returncode, err) == (130, "")
    report = json.loads(out)
    assert report["interrupted"] is True
    assert report["failures"].keys() <= {"interrupted", "never_started"}


def sign_ins_started(issuer: str) -> int:
    with browser() as web:
        return int(web.get(issuer + "/health", timeout=WITHIN).json()["sign_ins_started"])
