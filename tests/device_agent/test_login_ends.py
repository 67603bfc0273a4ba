"""How `porchlight-agent login` ends when not all goes well: what is said, the exit code, and what was not sent."""

import os
import signal
from typing import Any

import pytest

from tests.device_agent.mock_server import CUT, DEVICE, ME, METADATA, PENDING, TOKEN, TOKENS, MockServer
from tests.device_agent.process import Agent, login


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
    ended = login(agent, server, "--renewals", "0")
    assert ended.code == 4
    assert "This code has expired. Run porchlight-agent login for a new one." in ended.err
    assert len(server.asked_for(DEVICE)) == 1


def test_dev_07_a_code_is_renewed_three_times_and_then_no_more(agent: Agent, server: MockServer) -> None:
    names = ("WDJB-MJHT", "BCDF-GHJK", "LMNP-QRST", "VWXZ-BCDF")
    server.answers[DEVICE] = [server.codes(user_code=name, device_code=name, expires_in=1) for name in names]
    server.answers[TOKEN] = PENDING
    ended = login(agent, server, "--json")
    assert ended.code == 4
    assert [event["event"] for event in ended.events] == ["code_issued", *["renewed"] * 3, "error"]
    assert [event["user_code"] for event in ended.events[:-1]] == list(names)
    assert len(server.asked_for(DEVICE)) == 4


def test_the_old_code_still_signs_in_while_the_new_one_is_on_the_screen(agent: Agent, server: MockServer) -> None:
    server.answers[METADATA] = (200, server.metadata(token_endpoint_wait_supported=None))
    first = server.codes(device_code="first", expires_in=8)
    server.answers[DEVICE] = [first, server.codes(device_code="second", user_code="BCDF-GHJK")]
    asked = []

    def token(poll: Any) -> Any:
        asked.append(poll.form["device_code"])
        return TOKENS if "second" in asked and asked[-1] == "first" else PENDING

    server.answers[TOKEN] = token
    ended = login(agent, server, "--json")
    assert ended.code == 0
    assert [event["event"] for event in ended.events] == ["code_issued", "renewed", "approved"]


def test_a_phone_that_opens_the_code_is_an_event_with_the_number(agent: Agent, server: MockServer) -> None:
    opened = (400, {"error": "authorization_pending", "opened": True, "match": "47", "expires_in": 300})
    server.answers[DEVICE] = server.codes(match_supported=True)
    server.answers[TOKEN] = [opened, TOKENS]
    ended = login(agent, server, "--json")
    assert [event["event"] for event in ended.events] == ["code_issued", "phone_connected", "approved"]
    assert ended.events[1]["match"] == "47"
    assert ended.events[1]["expires_in"] in (299, 300)
    assert [asked.form.get("match") for asked in server.asked_for(TOKEN)] == ["1", "1"]


def test_a_server_that_knows_no_numbers_is_not_asked_for_one(agent: Agent, server: MockServer) -> None:
    assert login(agent, server).code == 0
    assert "match" not in server.asked_for(TOKEN)[0].form


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
    ended = login(agent, server, "--renewals", "0")
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
