"""STEP-01 on the device: what to do when an API wants a sign-in that is younger or stronger, and asking for one."""

import json
from typing import Any

import pytest

from device_agent.http.answer import Answer
from device_agent.step_up import demanded, what_to_do
from tests.device_agent.mock_server import DEVICE, TOKEN, MockServer
from tests.device_agent.process import Agent, login

CHALLENGE = (
    'Bearer realm="x", resource_metadata="https://api.example/.well-known/x", '
    'error="insufficient_user_authentication", error_description="too old, too weak", '
    'acr_values="phr urn:a:b", max_age="300"'
)


def refused(body: Any = None, challenge: str = CHALLENGE, status: int = 401) -> Answer:
    return Answer(status, {"www-authenticate": challenge}, json.dumps(body).encode() if body is not None else b"")


def test_step_01_what_is_demanded_is_read_from_the_challenge_alone() -> None:
    found = demanded(refused())
    assert found is not None
    assert (found["max_age"], found["acr_values"]) == ("300", "phr urn:a:b")
    assert what_to_do(found) == "Run porchlight-agent login --max-age 300 --acr 'phr urn:a:b', then call again."


@pytest.mark.parametrize(
    "answer",
    [
        refused(challenge='Bearer error="invalid_token"'),
        refused(status=403),
        refused({"error": "invalid_token"}, challenge=""),
        refused([], challenge=""),
    ],
)
def test_step_01_other_refusals_are_no_demand(answer: Answer) -> None:
    assert demanded(answer) is None


def test_step_01_nothing_of_the_servers_becomes_a_command() -> None:
    for hostile in ("'; rm -rf ~; '", "$(id)", "a\nb", "x" * 501, ""):
        body: dict[str, object] = {"acr_values": hostile, "max_age": "1; id"}
        assert what_to_do(body) == "Run porchlight-agent login, then call again."


def test_step_01_call_says_what_to_do_and_renews_nothing(agent: Agent, server: MockServer) -> None:
    server.answers["/api"] = (
        200,
        {"resources": [{"name": "readings.delete", "method": "DELETE", "path": "/api/readings", "scope": ""}]},
    )
    server.answers["/api/readings"] = (401, {}, {"www-authenticate": CHALLENGE})
    login(agent, server)
    before = len(server.asked_for(TOKEN))
    ended = agent.run("call", "readings.delete", "stream=hall", "--http", "--insecure-http")
    assert ended.code != 0
    assert "Run porchlight-agent login --max-age 300 --acr 'phr urn:a:b', then call again." in ended.err
    (asked,) = server.asked_for("/api/readings")
    assert (asked.method, asked.path) == ("DELETE", "/api/readings?stream=hall")
    assert len(server.asked_for(TOKEN)) == before, "a fresh token of the same sign-in would be refused as well"


def test_step_01_login_asks_for_it(agent: Agent, server: MockServer) -> None:
    ended = login(agent, server, "--max-age", "0", "--acr", "phr")
    assert ended.code == 0
    form = server.asked_for(DEVICE)[0].form
    assert (form["max_age"], form["acr_values"]) == ("0", "phr")


def test_step_01_what_the_server_cannot_do_is_said(agent: Agent, server: MockServer) -> None:
    server.answers[DEVICE] = (400, {"error": "unmet_authentication_requirements"})
    ended = login(agent, server, "--acr", "phr")
    assert ended.code != 0
    assert "Nobody can sign in there as well as was asked." in ended.err


@pytest.mark.parametrize("value", ["soon", "-1", "1.5"])
def test_step_01_a_wrong_age_is_refused_by_name(agent: Agent, server: MockServer, value: str) -> None:
    ended = login(agent, server, f"--max-age={value}")
    assert "--max-age" in ended.err
    assert server.asked == []
