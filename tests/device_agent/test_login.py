"""`porchlight-agent login` as a person and as a program meet it when all goes well, and what is never shown."""

import json
import re
from pathlib import Path

from tests.device_agent.mock_server import DEVICE, ME, PENDING, TOKEN, TOKENS, MockServer
from tests.device_agent.process import Agent, login


def test_a_person_signs_in_and_sees_who_they_are(agent: Agent, server: MockServer) -> None:
    server.answers[TOKEN] = [PENDING, TOKENS]
    ended = login(agent, server, "--device-name", "Living-room TV", "--scope", "profile")
    assert ended.code == 0
    assert ended.out == ""
    assert f"Sign in at {server.issuer}/device with the code WDJB-MJHT (valid for 10 minutes)" in ended.err
    assert "Only continue if you started this." in ended.err
    assert ended.err.splitlines()[-1] == "Signed in as Ana Ruiz (ana). Not you? Run porchlight-agent logout."
    assert server.asked_for(DEVICE)[0].form == {
        "client_id": "porchlight-tv",
        "scope": "profile",
        "device_name": "Living-room TV",
        "match": "1",
    }
    assert server.asked_for(TOKEN)[0].headers["prefer"] == "wait=30"
    assert server.asked_for(ME)[0].headers["authorization"] == "Bearer secret-access"


def test_a_program_reads_events(agent: Agent, server: MockServer) -> None:
    ended = login(agent, server, "--json")
    assert ended.code == 0
    assert ended.err == ""
    issued, approved = ended.events
    assert issued.pop("expires_at") > 1_600_000_000
    assert issued.pop("expires_in") in (599, 600)
    assert issued == {
        "event": "code_issued",
        "user_code": "WDJB-MJHT",
        "verification_uri": server.issuer + "/device",
        "verification_uri_complete": server.issuer + "/d/WDJBMJHT",
    }
    assert approved == {
        "event": "approved",
        "sub": "u1",
        "name": "Ana Ruiz",
        "username": "ana",
        "scopes": ["profile", "readings:write"],
    }


def test_no_token_is_ever_printed(agent: Agent, server: MockServer) -> None:
    for more in ((), ("--json",)):
        ended = login(agent, server, *more)
        assert "secret" not in ended.out + ended.err


def test_dev_17_the_device_code_is_never_shown_nor_kept(agent: Agent, server: MockServer) -> None:
    server.answers[TOKEN] = [PENDING, TOKENS]
    ended = login(agent, server, "--json")
    kept = "".join(path.read_text() for path in agent.state.iterdir())
    assert "that-nobody-may-see" not in ended.out + ended.err + kept
    assert "that-nobody-may-see" in server.asked_for(TOKEN)[0].form["device_code"]


def test_control_characters_from_the_server_never_reach_the_terminal(agent: Agent, server: MockServer) -> None:
    nasty = "\x1b[2J\x1b]0;gotcha\x07\u202eevil\r\n"
    server.answers[DEVICE] = server.codes(user_code=nasty + "CODE", verification_uri=server.issuer + "/" + nasty)
    server.answers[ME] = (200, {"name": nasty + "Ana", "username": nasty})
    ended = login(agent, server)
    assert ended.code == 0
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ended.err)


def test_a_name_that_cannot_be_learned_does_not_undo_the_sign_in(agent: Agent, server: MockServer) -> None:
    server.answers[ME] = (403, {"error": "insufficient_scope"})
    ended = login(agent, server)
    assert ended.code == 0
    assert "Signed in as somebody the server did not name" in ended.err


def test_an_answer_cannot_rename_the_issuer(agent: Agent, server: MockServer) -> None:
    server.answers[TOKEN] = (200, {**TOKENS[1], "issuer": "https://evil.example", "client_id": "evil"})
    assert login(agent, server).code == 0
    assert (agent.kept()["issuer"], agent.kept()["client_id"]) == (server.issuer, "porchlight-tv")


def test_settings_come_from_a_file_and_the_environment_too(agent: Agent, server: MockServer, tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(
        f'server = {json.dumps(server.issuer)}\ninsecure-http = true\nclient_id = "from-file"\nscope = "a b"\n'
    )
    ended = agent.run(
        "login", "--config", str(file), "--scope=c", environment={"PORCHLIGHT_AGENT_CLIENT_ID": "from-environment"}
    )
    assert ended.code == 0
    assert server.asked_for(DEVICE)[0].form == {"client_id": "from-environment", "scope": "c", "match": "1"}
