"""`kill -9` of a real `porchlight serve` at every stage of a sign-in: after the restart the story goes on."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.commands.process import Porchlight, Served, furnish_at
from tests.device_agent.process import Agent
from tests.house import Phone, browser
from tests.waiting import wait_until


@pytest.fixture
def porchlight(shared_url: str, tmp_path: Path) -> Porchlight:
    """The command line over furnished SQLite, then over furnished PostgreSQL."""
    furnish_at(shared_url)
    return Porchlight(tmp_path, shared_url)


@contextmanager
def restarted(porchlight: Porchlight, server: Served, *flags: str) -> Iterator[Served]:
    """The server, killed and started again on the same port."""
    phones = server._phones
    server.kill()
    with porchlight.serve(*flags, port=server.ready["port"]) as again:
        for phone in phones.values():
            phone.house = again
        again._phones.update(phones)
        yield again


def test_a_sign_in_survives_kill_9_at_every_stage(porchlight: Porchlight) -> None:
    with porchlight.serve() as server:
        pending, approved, denied, redeemed, undecided = (server.begin() for _ in range(5))
        phone = server.phone()
        phone.approve(approved)
        phone.deny(denied)
        phone.approve(redeemed)
        tokens = server.poll(redeemed).json()
        assert server.poll(pending).json()["error"] == "authorization_pending"
        page = phone.open(undecided)

        with restarted(porchlight, server) as again:
            assert again.poll(pending).json()["error"] == "authorization_pending", "polls go on"
            assert again.poll(approved).status_code == 200, "tokens come after the restart"
            assert again.poll(approved).json()["error"] == "invalid_grant"
            assert again.poll(denied).json()["error"] == "access_denied"
            assert again.poll(redeemed).json()["error"] == "invalid_grant", "once is once"
            assert again.me(tokens).status_code == 200, "the keys are the same"
            done = phone.submit(page, decision="approve")
            assert done.status_code == 200, "the session and the form on the phone are still good"
            assert again.poll(undecided).status_code == 200
            assert "/D/" in phone.open(pending).url, "nobody has to sign in again"
            fresh = again.refresh(tokens).json()

        with restarted(porchlight, again) as third:
            assert third.me(fresh).status_code == 200
            after = third.refresh(fresh)
            assert after.status_code == 200
            assert third.post("/revoke", {"client_id": "tv", "token": after.json()["refresh_token"]}).status_code == 200

        with restarted(porchlight, third) as fourth:
            for signed_out in (tokens, fresh, after.json()):
                assert fourth.me(signed_out).status_code == 401, "what was revoked stays revoked"
            assert fourth.refresh(after.json()).json()["error"] == "invalid_grant"


def test_chaos_11_locks_against_guessing_survive_kill_9_and_new_cookies(porchlight: Porchlight) -> None:
    flags = ("--tries-per-network", "4")
    with porchlight.serve(*flags) as server:
        for _ in range(4):
            assert browser().get(f"{server.address}/D/BCDFGHJK", timeout=10).status_code == 404
        assert browser().get(f"{server.address}/D/BCDFGHJK", timeout=10).status_code == 429
        started = server.begin()
        with restarted(porchlight, server, *flags) as again:
            locked = browser().get(f"{again.address}/D/{started['user_code'].replace('-', '')}", timeout=10)
            assert locked.status_code == 429
            assert int(locked.headers["retry-after"]) > 0
            assert again.poll(started).json()["error"] == "authorization_pending", "the device is not to blame"


def test_in_the_middle_of_a_burst_whatever_was_answered_is_there(porchlight: Porchlight) -> None:
    answered: list[str] = []

    def begin(server: Served, is_over: threading.Event) -> None:
        with browser() as web:
            while not is_over.is_set():
                try:
                    answer = web.post(f"{server.address}/device_authorization", {"client_id": "tv"}, timeout=10)
                except requests.RequestException:
                    return
                assert answer.status_code == 200
                answered.append(answer.json()["device_code"])

    with porchlight.serve() as server, ThreadPoolExecutor(8) as crowd:
        is_over = threading.Event()
        burst = [crowd.submit(begin, server, is_over) for _ in range(8)]
        try:
            wait_until(lambda: len(answered) >= 150, 20)
            server.kill()
        finally:
            is_over.set()
        for one in burst:
            one.result(20)
        with porchlight.serve(port=server.ready["port"]) as again:
            for code in answered:
                answer = again.poll({"device_code": code})
                assert answer.json()["error"] == "authorization_pending", "answered, and lost"


def test_in_the_middle_of_redemptions_no_code_buys_tokens_twice(porchlight: Porchlight) -> None:
    collected: dict[str, dict[str, Any]] = {}
    with porchlight.serve() as server, ThreadPoolExecutor(8) as crowd:
        codes = [server.begin() for _ in range(24)]
        for each in codes:
            server.phone().approve(each)

        def collect(started: dict[str, Any]) -> None:
            form = {"grant_type": GRANT_TYPE, "client_id": "tv", "device_code": started["device_code"]}
            with browser() as web:
                try:
                    answer = web.post(f"{server.address}/token", form, timeout=10)
                except requests.RequestException:
                    return  # the power failed, before the redemption or after it
            assert answer.status_code == 200
            collected[started["device_code"]] = answer.json()
            is_begun.set()

        is_begun = threading.Event()
        devices = [crowd.submit(collect, each) for each in codes]
        assert is_begun.wait(20)
        server.kill()
        for each in devices:
            each.result(20)
        with porchlight.serve(port=server.ready["port"]) as again:
            for started in codes:
                answer = again.poll(started)
                if started["device_code"] in collected:
                    assert answer.json()["error"] == "invalid_grant"
                    assert again.me(collected[started["device_code"]]).status_code == 200
                else:
                    assert answer.status_code == 200 or answer.json()["error"] == "invalid_grant"
                assert again.poll(started).json()["error"] == "invalid_grant"


def test_the_agent_waits_through_a_restart_and_signs_in(furnished: Path, tmp_path: Path) -> None:
    porchlight = Porchlight(Path(shutil.copytree(furnished, tmp_path / "data")))
    agent = Agent(tmp_path / "tv")
    with porchlight.serve(mqtt=True) as server:
        options = ("--server", server.issuer, "--client-id", "tv", "--insecure-http")
        login = agent.start("login", "--json", *options)
        try:
            started = next_event(login, "code_issued")
            server.kill()
            next_event(login, "offline")
            with porchlight.serve(port=server.ready["port"], mqtt=True) as again:
                phone = Phone(again)
                page = phone.open(started)
                phone.submit(page, match=next_event(login, "phone_connected")["match"])
                approved = next_event(login, "approved")
                assert approved["username"] == "ana"
                assert login.wait(20) == 0
                called = agent.run("call", "me", "--insecure-http")
                assert called.code == 0, called.err
                assert json.loads(called.out)["username"] == "ana"
        finally:
            login.kill()
            login.communicate()


def next_event(login: "subprocess.Popen[str]", wanted: str) -> dict[str, str]:
    """The agent's next event of this name."""
    assert login.stdout is not None
    late = threading.Timer(40, login.kill)
    late.start()
    try:
        for line in login.stdout:
            event: dict[str, str] = json.loads(line)
            if event["event"] == wanted:
                return event
    finally:
        late.cancel()
    raise AssertionError(f"the agent ended without being {wanted}")
