"""status, call, logout: what they print, how they end, and that a sign-in survives whatever happens."""

import json
import socket
import time
from typing import Any

import pytest

from tests.device_agent.mock_server import CUT, ME, REVOKE, TOKEN, MockServer
from tests.device_agent.process import Agent, Ended

NEWER = {"access_token": "newer-access", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "newer-refresh"}
RESOURCES = {
    "resources": [
        {"name": "me", "method": "GET", "path": "/api/me", "scope": "profile"},
        {"name": "readings.add", "method": "POST", "path": "/api/readings", "scope": "readings:write"},
        {"name": "readings.list", "method": "GET", "path": "/api/readings", "scope": "readings:read"},
    ]
}


def now() -> int:
    return int(time.time())


@pytest.fixture
def signed_in(agent: Agent, server: MockServer) -> Agent:
    agent.sign_in(server.issuer, obtained_at=now())
    server.answers["/api"] = (200, RESOURCES)
    return agent


def http(agent: Agent, *arguments: str) -> Ended:
    return agent.run(*arguments, "--insecure-http")


def nobody_there() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_status_says_who_and_what(signed_in: Agent, server: MockServer) -> None:
    ended = http(signed_in, "status")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "Signed in as Ana Ruiz (ana)",
        f"  at       {server.issuer}",
        "  may      profile",
        "  token    valid for 60 minutes, renews itself",
        "  MQTT     not running",
    ]


def test_status_as_json(signed_in: Agent, server: MockServer) -> None:
    ended = http(signed_in, "status", "--json")
    (event,) = ended.events
    assert 3590 <= event.pop("expires_in") <= 3600
    assert event == {
        "event": "status",
        "issuer": server.issuer,
        "name": "Ana Ruiz",
        "username": "ana",
        "scopes": ["profile"],
        "renews_itself": True,
        "bound": False,
        "mqtt": "not running",
        "checked": True,
    }


def test_status_without_the_server_says_what_is_known(agent: Agent) -> None:
    agent.sign_in(nobody_there(), obtained_at=now())
    ended = http(agent, "status")
    assert ended.code == 5
    assert "Signed in as Ana Ruiz (ana) (not checked)" in ended.out
    assert "Cannot reach 127.0.0.1" in ended.err


@pytest.mark.parametrize("command", [["status"], ["call", "me"], ["run"]])
def test_nobody_is_signed_in(agent: Agent, command: list[str]) -> None:
    ended = agent.run(*command)
    assert ended.code == 1
    assert ended.err == "porchlight-agent: Nobody is signed in on this device.\n  Run porchlight-agent login.\n"


def test_a_sign_in_that_was_revoked_is_noticed(signed_in: Agent, server: MockServer) -> None:
    server.answers[ME] = (401, {"error": "invalid_token"})
    server.answers[TOKEN] = (400, {"error": "invalid_grant"})
    ended = http(signed_in, "status")
    assert ended.code == 1
    assert "This device was signed out elsewhere" in ended.err
    assert signed_in.tokens.exists()


def test_a_refused_token_is_renewed_once_and_kept_before_it_is_used(signed_in: Agent, server: MockServer) -> None:
    used: list[tuple[str, str]] = []

    def me(asked: Any) -> tuple[int, Any]:
        used.append((asked.headers["authorization"], signed_in.kept()["access_token"]))
        return (401, {}) if len(used) == 1 else (200, {"name": "Ana Ruiz", "username": "ana"})

    server.answers[ME] = me
    server.answers[TOKEN] = (200, NEWER)
    assert http(signed_in, "status").code == 0
    assert used == [("Bearer secret-access", "secret-access"), ("Bearer newer-access", "newer-access")]
    assert server.asked_for(TOKEN)[0].form == {
        "grant_type": "refresh_token",
        "refresh_token": "secret-refresh",
        "client_id": "porchlight-tv",
    }
    assert signed_in.kept()["refresh_token"] == "newer-refresh"


@pytest.mark.parametrize("obtained_at", [0, 1_000_000, 4_000_000_000], ids=["1970", "January 1970", "2096"])
def test_a_clock_that_jumped_makes_a_renewal_not_a_failure(agent: Agent, server: MockServer, obtained_at: int) -> None:
    agent.sign_in(server.issuer, obtained_at=obtained_at)
    server.answers[TOKEN] = (200, NEWER)
    assert http(agent, "status").code == 0
    assert len(server.asked_for(TOKEN)) == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_token(agent: Agent, server: MockServer) -> None:
    agent.sign_in(server.issuer)
    server.answers[TOKEN] = [CUT, (500, b"oops"), (200, NEWER)]
    assert http(agent, "status").code == 0
    assert [asked.form["refresh_token"] for asked in server.asked_for(TOKEN)] == ["secret-refresh"] * 3
    assert agent.kept()["access_token"] == "newer-access"


def test_two_commands_at_once_renew_once(agent: Agent, server: MockServer) -> None:
    agent.sign_in(server.issuer)
    spent = set()

    def token(asked: Any) -> tuple[int, Any]:
        used = asked.form["refresh_token"]
        if used in spent:
            return 400, {"error": "invalid_grant"}
        spent.add(used)
        time.sleep(0.2)
        return 200, NEWER

    server.answers[TOKEN] = token
    processes = [agent.start("status", "--insecure-http") for _ in range(3)]
    try:
        codes = [(process.communicate(timeout=20), process.returncode)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert codes == [0, 0, 0]
    assert len(server.asked_for(TOKEN)) == 1


def test_a_full_disk_never_spends_the_refresh_token(agent: Agent, server: MockServer) -> None:
    agent.sign_in(server.issuer)
    before = agent.tokens.read_bytes()
    ended = agent.run_on_a_full_disk("status", "--insecure-http")
    assert ended.code == 1
    assert "The sign-in cannot be kept" in ended.err
    assert server.asked_for(TOKEN) == []
    assert agent.tokens.read_bytes() == before


def test_call_over_http(signed_in: Agent, server: MockServer) -> None:
    ended = http(signed_in, "call", "me", "--http")
    assert ended.code == 0
    assert json.loads(ended.out) == {"sub": "u1", "name": "Ana Ruiz", "username": "ana"}
    assert server.asked_for(ME)[0].headers["authorization"] == "Bearer secret-access"


def test_call_over_http_with_arguments(signed_in: Agent, server: MockServer) -> None:
    server.answers["/api/readings"] = (201, {"id": "r1"})
    ended = http(signed_in, "call", "--http", "readings.add", "stream=porch temperature", "value:=21.5", "--json")
    assert ended.events == [{"status": 201, "body": {"id": "r1"}}]
    (asked,) = server.asked_for("/api/readings")
    assert (asked.method, json.loads(asked.body)) == ("POST", {"stream": "porch temperature", "value": 21.5})
    http(signed_in, "call", "--http", "readings.list", "stream=a b", "limit:=3")
    assert server.asked_for("/api/readings")[1].path == "/api/readings?stream=a+b&limit=3"


@pytest.mark.parametrize(("status", "code"), [(400, 1), (403, 7), (404, 1), (429, 6), (500, 1), (503, 5)])
def test_call_ends_with_the_code_of_the_answer(signed_in: Agent, server: MockServer, status: int, code: int) -> None:
    server.answers[ME] = (status, {"error": "because", "error_description": "it is so"})
    ended = http(signed_in, "call", "--http", "me")
    assert ended.code == code
    assert json.loads(ended.out) == {"error": "because", "error_description": "it is so"}
    assert f"me: it is so ({status})." in ended.err


@pytest.mark.parametrize("words", [[], ["me", "word"], ["me", "=x"], ["me", "a:=nonsense"], ["me", ":=1"]])
def test_call_with_wrong_words_is_a_usage_error(signed_in: Agent, words: list[str]) -> None:
    assert http(signed_in, "call", *words).code == 2


def test_call_of_an_unknown_method(signed_in: Agent) -> None:
    ended = http(signed_in, "call", "--http", "no.such")
    assert ended.code == 1
    assert "no method 'no.such'" in ended.err


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ((404, {}), 1, "MQTT: refused (404)."),
        ((503, {"error": "temporarily_unavailable"}), 5, "MQTT: temporarily_unavailable (503)."),
        ((200, {"host": "x"}), 1, "make no sense: no port."),
        ((200, b"[]"), 1, "make no sense: no JSON object."),
    ],
)
def test_call_without_mqtt_credentials(signed_in: Agent, server: MockServer, answer: Any, code: int, said: str) -> None:
    server.answers["/mqtt/credentials"] = answer
    ended = http(signed_in, "call", "me")
    assert ended.code == code
    assert said in ended.err


def test_logout_signs_out_here_and_there(signed_in: Agent, server: MockServer) -> None:
    server.answers[REVOKE] = (200, {})
    ended = http(signed_in, "logout")
    assert (ended.code, ended.out) == (0, "Signed out, here and at the server.\n")
    assert not signed_in.tokens.exists()
    assert server.asked_for(REVOKE)[0].form == {
        "token": "secret-refresh",
        "token_type_hint": "refresh_token",
        "client_id": "porchlight-tv",
    }
    assert http(signed_in, "logout").code == 0


def test_logout_tries_again_while_the_server_says_later(signed_in: Agent, server: MockServer) -> None:
    server.answers[REVOKE] = [(503, b"", {"retry-after": "1"}), (200, {})]
    assert http(signed_in, "logout").code == 0
    assert len(server.asked_for(REVOKE)) == 2


def test_logout_keeps_the_sign_in_when_the_server_only_says_later(signed_in: Agent, server: MockServer) -> None:
    server.answers[REVOKE] = (503, b"")
    ended = http(signed_in, "logout")
    assert ended.code == 6
    assert "still signed in" in ended.err
    assert signed_in.tokens.exists()


def test_logout_without_the_server_signs_out_here_and_says_what_remains(agent: Agent) -> None:
    agent.sign_in(nobody_there())
    ended = http(agent, "logout")
    assert ended.code == 5
    assert "Signed out here, but" in ended.out
    assert "Sign it out there too" in ended.out
    assert not agent.tokens.exists()


def test_logout_as_json(signed_in: Agent, server: MockServer) -> None:
    server.answers[REVOKE] = (400, {"error": "unsupported_token_type"})
    ended = http(signed_in, "logout", "--json")
    assert ended.code == 1
    assert ended.events == [{"event": "signed_out", "revoked": False, "reason": "the server refused (HTTP 400)"}]
    assert not signed_in.tokens.exists()


def test_a_kept_http_issuer_still_needs_the_switch(signed_in: Agent, server: MockServer) -> None:
    ended = signed_in.run("status")
    assert ended.code == 5
    assert "not https" in ended.err
    assert server.asked == []
