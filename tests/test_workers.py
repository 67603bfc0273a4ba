"""`porchlight serve --workers 2` on PostgreSQL: two processes behind one port that behave like one server."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.commands.process import Porchlight, Served, furnish_at
from tests.house import browser
from tests.postgres import Cluster
from tests.waiting import wait_until

WORKERS = ("--workers", "2")
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def porchlight(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Porchlight:
    url = postgres.database()
    furnish_at(url)
    return Porchlight(tmp_path_factory.mktemp("workers"), url)


@pytest.fixture(scope="module")
def server(porchlight: Porchlight) -> Iterator[Served]:
    with porchlight.serve(*WORKERS) as running:
        yield running


def children(server: Served) -> set[int]:
    """The processes of its workers."""
    command = ("pgrep", "-P", str(server.process.pid), "-f", "spawn_main")
    return {int(pid) for pid in subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()}


def anew(server: Served, path: str, form: dict[str, str], **more: Any) -> requests.Response:
    """A request on a connection of its own: either worker may take it."""
    with browser() as web:
        return web.post(server.address + path, data=form, timeout=40, **more)


def test_it_is_ready_once_every_worker_is(server: Served) -> None:
    assert set(server.ready) == {"event", "issuer", "port", "mqtt_port"}
    assert server.ready["mqtt_port"] is None
    assert len(children(server)) == 2


def test_sign_ins_go_across_workers(server: Served) -> None:
    for _ in range(6):
        started = anew(server, "/device_authorization", {"client_id": "tv"}).json()
        form = {"grant_type": GRANT, "client_id": "tv", "device_code": started["device_code"]}
        assert anew(server, "/token", form).json()["error"] == "authorization_pending"
        server.phone().approve(started)
        tokens: dict[str, Any] = {}
        wait_until(
            lambda form=form, tokens=tokens: tokens.update(anew(server, "/token", form).json()) or tokens["scope"]
        )
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        with browser() as web:
            assert web.get(f"{server.address}/api/me", headers=bearer, timeout=10).json()["username"] == "ana"


def test_dev_31_and_chaos_01_fifty_polls_over_two_workers_give_one_token_answer(server: Served) -> None:
    started = server.begin()
    server.phone().approve(started)
    gate = threading.Barrier(50)
    form = {"grant_type": GRANT, "client_id": "tv", "device_code": started["device_code"]}

    def poll() -> int:
        gate.wait(20)
        return anew(server, "/token", form).status_code

    with ThreadPoolExecutor(50) as crowd:
        statuses = [each.result(40) for each in [crowd.submit(poll) for _ in range(50)]]
    assert sorted(statuses) == [200] + [400] * 49


def test_a_decision_on_one_worker_wakes_the_request_held_by_the_other(server: Served) -> None:
    for _ in range(4):  # some of them on the other worker
        started = server.begin()
        page = server.phone().open(started)
        form = {"grant_type": GRANT, "client_id": "tv", "device_code": started["device_code"]}
        with ThreadPoolExecutor(1) as device:
            held = device.submit(anew, server, "/token", form, headers={"Prefer": "wait=30"})
            server.phone().submit(page, decision="approve")
            assert held.result(5).status_code == 200


def test_a_worker_that_dies_is_replaced_and_nothing_is_lost(server: Served) -> None:
    started, before = server.begin(), children(server)
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(children(server) - before) == 1 and len(children(server)) == 2, 20)
    server.phone().approve(started)
    server.close()  # the connections of whoever has died
    wait_until(lambda: server.poll(started).status_code == 200, 20)
    assert "is replaced" in server.log


def test_all_workers_end_with_the_parent_and_held_requests_are_answered(porchlight: Porchlight) -> None:
    with porchlight.serve(*WORKERS) as server:
        started = [server.begin() for _ in range(6)]
        with ThreadPoolExecutor(6) as devices:
            held = [
                devices.submit(
                    anew,
                    server,
                    "/token",
                    {"grant_type": GRANT, "client_id": "tv", "device_code": each["device_code"]},
                    headers={"Prefer": "wait=30"},
                )
                for each in started
            ]
            wait_until(lambda: server.get("/health").json()["status"] == "ok")
            workers = children(server)
            assert server.stop() < 9, "sooner than uvicorn loses its patience"
            for each in held:
                assert each.result(5).json()["error"] == "authorization_pending"
        assert not [pid for pid in workers if is_running(pid)]


def test_workers_end_when_their_parent_is_killed(porchlight: Porchlight) -> None:
    with porchlight.serve(*WORKERS) as server:
        workers = children(server)
        server.kill()
        wait_until(lambda: not [pid for pid in workers if is_running(pid)], 20)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_database_that_is_away_is_one_clear_error(postgres: Cluster, tmp_path: Path) -> None:
    away = postgres.url("nowhere", port=1)
    ended = Porchlight(tmp_path, away).run("serve", "--port", "0", "--mqtt-port", "-1", *WORKERS)
    assert (ended.code, ended.out) == (1, "")
    assert "PostgreSQL cannot be reached" in ended.err
    assert "only-for-tests" not in ended.err
    assert len(ended.err.splitlines()) == 1


def test_workers_with_the_embedded_broker_are_refused(tmp_path: Path) -> None:
    ended = Porchlight(tmp_path, "postgresql://x@127.0.0.1:1/x").run("serve", "--port", "0", *WORKERS)
    assert ended.code == 2
    assert ended.err.startswith("porchlight: workers: write 1 with the embedded broker, or set mqtt_port to -1")
