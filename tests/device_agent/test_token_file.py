"""The sign-in on disk: the owner's alone, kept before it is used, and never lost to a bad file or a full disk."""

import stat
from typing import Any

import pytest

from tests.device_agent.mock_server import DEVICE, ME, REVOKE, MockServer
from tests.device_agent.process import Agent, login


def test_the_tokens_are_for_the_owner_alone_and_nothing_else_is_left(agent: Agent, server: MockServer) -> None:
    assert login(agent, server).code == 0
    assert stat.S_IMODE(agent.tokens.stat().st_mode) == 0o600
    assert stat.S_IMODE(agent.state.stat().st_mode) == 0o700
    assert sorted(path.name for path in agent.state.iterdir()) == ["lock", "tokens.json"]
    kept = agent.kept()
    assert (kept["access_token"], kept["refresh_token"]) == ("secret-access", "secret-refresh")
    assert (kept["issuer"], kept["name"], kept["username"]) == (server.issuer, "Ana Ruiz", "ana")


def test_the_tokens_are_on_disk_before_they_are_used(agent: Agent, server: MockServer) -> None:
    on_disk: list[Any] = []

    def me(asked: object) -> tuple[int, object]:
        on_disk.append(agent.kept()["access_token"])
        return 200, {}

    server.answers[ME] = me
    assert login(agent, server).code == 0
    assert on_disk == ["secret-access"]


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"version": 1}', '{"version": 99}', "\0" * 100, "[" * 100_000])
def test_a_broken_sign_in_is_kept_aside_and_replaced(agent: Agent, server: MockServer, broken: str) -> None:
    agent.state.mkdir()
    agent.tokens.write_text(broken)
    ended = agent.run("status")
    assert ended.code == 1
    assert "Run porchlight-agent login to sign in again" in ended.err
    assert agent.tokens.read_text() == broken
    assert login(agent, server).code == 0
    assert (agent.state / "tokens.json.broken-1").read_text() == broken
    assert agent.kept()["access_token"] == "secret-access"


def test_a_directory_that_takes_nothing_is_found_before_anybody_is_asked(agent: Agent, server: MockServer) -> None:
    agent.state.write_text("a file where the directory should be")
    ended = login(agent, server)
    assert ended.code == 1
    assert "Not a directory" in ended.err
    assert "set --state-dir" in ended.err
    assert server.asked == []


def test_a_full_disk_is_found_before_anybody_is_asked(agent: Agent, server: MockServer) -> None:
    agent.sign_in(server.issuer)
    before = agent.tokens.read_bytes()
    ended = agent.run_on_a_full_disk("login", "--server", server.issuer, "--insecure-http")
    assert ended.code == 1
    assert "The sign-in cannot be kept" in ended.err
    assert server.asked_for(DEVICE) == []
    assert agent.tokens.read_bytes() == before


def test_rooms_of_killed_processes_are_swept(agent: Agent, server: MockServer) -> None:
    agent.state.mkdir()
    leftover = agent.state / "tokens.json.new-4194399"
    leftover.write_text(" " * 100)
    assert login(agent, server).code == 0
    assert not leftover.exists()


def test_a_sign_in_that_is_replaced_is_revoked(agent: Agent, server: MockServer) -> None:
    agent.sign_in(server.issuer, refresh_token="the-old-one")
    server.answers[REVOKE] = (200, {})
    assert login(agent, server).code == 0
    assert [asked.form["token"] for asked in server.asked_for(REVOKE)] == ["the-old-one"]
    assert agent.kept()["refresh_token"] == "secret-refresh"
