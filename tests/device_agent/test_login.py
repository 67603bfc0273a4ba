"""`porchlight-agent login` as a person and as a script meet it: what is on the screen, on disk, in the exit code."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.device_agent.mock_server import CUT, DEVICE, ME, METADATA, PENDING, REVOKE, TOKEN, TOKENS, MockServer
from tests.device_agent.process import Agent, Ended


def login(agent: Agent, server: MockServer, *more: str, **environment: str) -> Ended:
    return agent.run("login", "--server", server.issuer, "--insecure-http", *more, environment=environment)


def test_a_person_signs_in_and_sees_who_they_are(agent: Agent, server: MockServer) -> None:
    server.answers[TOKEN] = [PENDING, TOKENS]
    ended = login(agent, server, "--device-name", "Living-room TV", "--scope", "profile")
    assert ended.code == 0
    assert ended.out == ""
    assert f"Sign in at {server.issuer}/device with the code WDJB-MJHT (valid for 10 minutes)" in ended.err
    assert "Only continue if you started this." in ended.err
    assert ended.err.splitlines()[-1] == "Signed in as Ana Ruiz (ana) Not you? Run porchlight-agent logout."
    assert server.asked_for(DEVICE)[0].form == {
        "client_id": "porchlight-tv",
        "scope": "profile",
        "device_name": "Living-room TV",
    }
    assert server.asked_for(TOKEN)[0].headers["prefer"] == "wait=30"
    assert server.asked_for(ME)[0].headers["authorization"] == "Bearer secret-access"


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


def test_dev_03_an_http_issuer_is_refused_without_the_switch(agent: Agent, server: MockServer) -> None:
    ended = agent.run("login", "--server", server.issuer)
    assert ended.code == 2
    assert "tokens travel over https only" in ended.err
    assert server.asked == []


def test_dev_03_metadata_that_leaves_https_is_refused(agent: Agent, server: MockServer) -> None:
    server.answers[METADATA] = (200, server.metadata(token_endpoint="ftp://example.com/token"))
    ended = login(agent, server)
    assert ended.code == 1
    assert server.asked_for(DEVICE) == []


def test_meta_04_metadata_of_another_issuer_is_thrown_away(agent: Agent, server: MockServer) -> None:
    server.answers[METADATA] = (200, server.metadata(issuer="https://other.example"))
    ended = login(agent, server)
    assert ended.code == 1
    assert "calls itself https://other.example" in ended.err
    assert server.asked_for(DEVICE) == []


def test_meta_04_the_path_of_an_issuer_comes_after_the_well_known_part(agent: Agent, server: MockServer) -> None:
    issuer = server.issuer + "/tenant"
    server.answers[METADATA + "/tenant"] = (200, server.metadata(issuer=issuer))
    server.answers["/tenant/api/me"] = server.answers[ME]
    ended = agent.run("login", "--server", issuer + "/", "--insecure-http")
    assert ended.code == 0
    assert agent.kept()["issuer"] == issuer


def test_a_redirect_is_reported_and_never_followed(agent: Agent, server: MockServer) -> None:
    server.answers[METADATA] = (302, {}, {"location": server.issuer + "/elsewhere"})
    ended = login(agent, server)
    assert ended.code == 1
    assert f"The server points to {server.issuer}/elsewhere" in ended.err
    assert len(server.asked) == 1


def test_dev_07_an_expired_code_is_not_replaced_without_a_person(agent: Agent, server: MockServer) -> None:
    server.answers[DEVICE] = server.codes(expires_in=1)
    server.answers[TOKEN] = PENDING
    ended = login(agent, server)
    assert ended.code == 4
    assert "This code has expired. Run porchlight-agent login for a new one." in ended.err
    assert len(server.asked_for(DEVICE)) == 1


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ((400, {"error": "access_denied"}), 3, "Stopped on the phone. Nothing was signed in."),
        ((400, {"error": "expired_token"}), 4, "This code has expired."),
        ((400, {"error": "invalid_grant"}), 1, "The server ended this sign-in (invalid_grant)."),
        ((401, {"error": "invalid_client"}), 1, "The server does not know this kind of device."),
        ((400, {"error": "something_new"}), 1, "The server ended this sign-in (something_new)."),
        ((404, b"<html>"), 1, "The server ended this sign-in (without a word)."),
        ((302, {}, {"location": "https://elsewhere.example"}), 1, "The server ended this sign-in"),
        ((200, b"<html>"), 1, "The server's answer makes no sense."),
        ((200, {"access_token": "secret-x", "token_type": "mac"}), 1, "The server's answer makes no sense."),
    ],
)
def test_dev_29_any_other_answer_ends_polling_and_is_said(
    agent: Agent, server: MockServer, answer: Any, code: int, said: str
) -> None:
    server.answers[TOKEN] = answer
    ended = login(agent, server)
    assert (ended.code, len(server.asked_for(TOKEN))) == (code, 1)
    assert said in ended.err
    assert not agent.tokens.exists()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((400, {"error": "unauthorized_client"}), 7),
        ((400, {"error": "access_denied"}), 7),
        ((400, {"error": "invalid_client"}), 1),
        ((400, {"error": "invalid_scope"}), 1),
        ((429, {}, {"retry-after": "3600"}), 6),
        ((200, {"user_code": "WDJB-MJHT"}), 1),
    ],
)
def test_a_start_that_is_refused_has_its_own_exit_code(
    agent: Agent, server: MockServer, answer: Any, code: int
) -> None:
    server.answers[DEVICE] = answer
    ended = login(agent, server, "--json")
    assert (ended.code, len(server.asked_for(DEVICE))) == (code, 1)
    assert ended.events[-1]["event"] == "error"
    assert ended.events[-1]["hint"]


def test_a_server_without_device_sign_in_is_not_allowed(agent: Agent, server: MockServer) -> None:
    server.answers[METADATA] = (200, server.metadata(device_authorization_endpoint=None))
    assert login(agent, server).code == 7


def test_dev_26_slow_down_is_obeyed_on_the_wire(agent: Agent, server: MockServer) -> None:
    server.answers[TOKEN] = (400, {"error": "slow_down"})
    ended = login(agent, server, "--timeout", "3s")
    assert ended.code == 4
    assert len(server.asked_for(TOKEN)) == 1


def test_dev_09_without_an_interval_it_waits_five_seconds(agent: Agent, server: MockServer) -> None:
    server.answers[METADATA] = (200, server.metadata(token_endpoint_wait_supported=None))
    server.answers[DEVICE] = server.codes(interval=None)
    ended = login(agent, server, "--timeout", "3s")
    assert (ended.code, server.asked_for(TOKEN)) == (4, [])


def test_dev_30_a_cut_connection_is_backed_off_and_survived(agent: Agent, server: MockServer) -> None:
    server.answers[TOKEN] = [CUT, (503, b"sorry"), TOKENS]
    ended = login(agent, server)
    assert ended.code == 0
    assert len(server.asked_for(TOKEN)) == 3
    assert "No connection to 127.0.0.1. Still trying." in ended.err
    assert "127.0.0.1 is busy." in ended.err


def test_a_server_that_is_not_there_is_a_network_error(agent: Agent) -> None:
    ended = agent.run("login", "--server", "http://127.0.0.1:9", "--insecure-http")
    assert ended.code == 5
    assert ended.err.splitlines()[-1].startswith("Cannot reach 127.0.0.1: nobody answers there.")


def test_a_name_that_does_not_exist_is_a_network_error(agent: Agent) -> None:
    ended = agent.run("login", "--server", "https://no-such-host.invalid", "--json")
    assert ended.code == 5
    assert ended.events[-1]["code"] == "unreachable"


def test_the_time_limit_ends_it(agent: Agent, server: MockServer) -> None:
    server.answers[TOKEN] = PENDING
    ended = login(agent, server, "--timeout", "1s", "--json")
    assert ended.code == 4
    assert ended.events[-1]["code"] == "timeout"


def test_control_characters_from_the_server_never_reach_the_terminal(agent: Agent, server: MockServer) -> None:
    nasty = "\x1b[2J\x1b]0;gotcha\x07\u202eevil\r\n"
    server.answers[DEVICE] = server.codes(user_code=nasty + "CODE", verification_uri=server.issuer + "/" + nasty)
    server.answers[ME] = (200, {"name": nasty + "Ana", "username": nasty})
    ended = login(agent, server)
    assert ended.code == 0
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ended.err)


def test_ctrl_c_ends_it_with_130_and_keeps_nothing(agent: Agent, server: MockServer) -> None:
    server.answers[TOKEN] = PENDING
    process = agent.start("login", "--server", server.issuer, "--insecure-http")
    try:
        server.wait_for(TOKEN)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert [path.name for path in agent.state.iterdir()] == []


def test_a_reader_that_leaves_early_causes_no_traceback(agent: Agent, server: MockServer) -> None:
    read, write = os.pipe()
    os.close(read)
    process = agent.start("login", "--json", "--server", server.issuer, "--insecure-http", stdout=write)
    os.close(write)
    try:
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 1
    assert "Traceback" not in err


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
    # A limit on the size of files is the nearest thing to a full disk that a test may make.
    agent.sign_in(server.issuer)
    before = agent.tokens.read_bytes()
    script = 'ulimit -f 1; trap "" XFSZ; exec "$0" "$@"'
    command = ["sh", "-c", script, sys.executable, "-m", "device_agent"]
    done = subprocess.run(
        [*command, "login", "--server", server.issuer, "--insecure-http"],
        env=agent.environment(),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert "The sign-in cannot be kept" in done.stderr
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
    assert server.asked_for(DEVICE)[0].form == {"client_id": "from-environment", "scope": "c"}
