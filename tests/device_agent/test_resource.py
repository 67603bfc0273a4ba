"""PRM-01 on the device: from the address of an API to its sign-in server, and never to that of another API."""

from typing import Any

import pytest

from tests.device_agent.mock_server import DEVICE, MockServer
from tests.device_agent.process import Agent

WELL_KNOWN = "/.well-known/oauth-protected-resource/api"


def described(server: MockServer, **changes: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"resource": server.issuer + "/api", "authorization_servers": [server.issuer], **changes}


def test_prm_01_the_address_of_the_api_is_enough(agent: Agent, server: MockServer) -> None:
    server.answers[WELL_KNOWN] = described(server)
    ended = agent.run("login", "--api", server.issuer + "/api", "--insecure-http")
    assert ended.code == 0, ended.err
    assert agent.kept()["issuer"] == server.issuer


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resource": "https://other.example/api"}, "that is not safe to use"),
        ({"resource": None}, "that is not safe to use"),
        ({"authorization_servers": []}, "names no server"),
        ({"authorization_servers": None}, "names no server"),
        ({"authorization_servers": ["https://"]}, "--server"),
    ],
)
def test_prm_01_a_document_that_does_not_fit_is_thrown_away(
    agent: Agent, server: MockServer, changes: dict[str, Any], words: str
) -> None:
    server.answers[WELL_KNOWN] = described(server, **changes)
    ended = agent.run("login", "--api", server.issuer + "/api", "--insecure-http")
    assert ended.code != 0
    assert words in ended.err
    assert server.asked_for(DEVICE) == []


def test_prm_01_an_api_whose_tokens_the_server_does_not_give_is_refused(agent: Agent, server: MockServer) -> None:
    server.answers["/.well-known/oauth-protected-resource/feed"] = described(server, resource=server.issuer + "/feed")
    ended = agent.run("login", "--api", server.issuer + "/feed", "--insecure-http")
    assert "not for" in ended.err
    assert server.asked_for(DEVICE) == []


def test_prm_01_an_api_without_metadata_is_said_so(agent: Agent, server: MockServer) -> None:
    ended = agent.run("login", "--api", server.issuer + "/api", "--insecure-http")
    assert "give --server" in ended.err
    assert server.asked_for(DEVICE) == []


def test_prm_01_a_server_that_the_api_does_not_name_is_refused(agent: Agent, server: MockServer) -> None:
    server.answers[WELL_KNOWN] = described(server, authorization_servers=["http://127.0.0.1:9"])
    ended = agent.run("login", "--api", server.issuer + "/api", "--server", server.issuer, "--insecure-http")
    assert "names http://127.0.0.1:9" in ended.err
    assert server.asked_for(DEVICE) == []
