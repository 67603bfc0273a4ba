"""A sign-in that is bound to the device's key, against the real server: every door, every setting, and a lost key."""

import json
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from device_agent.key import read_key
from tests.device_agent.mock_server import DEVICE, METADATA, REVOKE, TOKEN, TOKENS, MockServer
from tests.device_agent.people import sign_in
from tests.device_agent.process import Agent, Ended, login
from tests.house import RunningHouse, furnish, open_house

NO_CRYPTOGRAPHY = "raise ImportError('not here')\n"


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "nonces"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("bound"), mqtt_port=0, dpop_nonces=request.param) as running:
        yield furnish(running)


@pytest.fixture
def keyed(server: MockServer) -> MockServer:
    """A server that says it takes keys, and answers as if it had looked."""
    algorithms = ["ES256", "EdDSA"]
    server.answers[METADATA] = (200, server.metadata(dpop_signing_alg_values_supported=algorithms))
    server.answers[TOKEN] = (200, {**TOKENS[1], "token_type": "DPoP"})
    return server


def http(agent: Agent, *words: str, **environment: str) -> Ended:
    return agent.run(*words, "--insecure-http", environment=environment)


def without_cryptography(tmp_path: Path) -> dict[str, str]:
    """The environment of a device that has the base installation only."""
    package = tmp_path / "bare" / "cryptography"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(NO_CRYPTOGRAPHY)
    return {"PYTHONPATH": str(package.parent)}


def test_dpop_01_06_12_a_sign_in_is_bound_at_every_door(agent: Agent, house: RunningHouse) -> None:
    kept = sign_in(agent, house)
    key = read_key((agent.state / "key.pem").read_text())
    assert (kept["token_type"], kept["jkt"]) == ("DPoP", key.thumbprint())
    claims = jwt.decode(kept["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"jkt": key.thumbprint()}
    assert "bound to this device's key" in http(agent, "status").out
    assert json.loads(http(agent, "call", "me").out)["username"] == "ana"
    assert json.loads(http(agent, "call", "me", "--http").out)["username"] == "ana"
    added = http(agent, "call", "readings.add", "stream=porch", "value:=21.5", "--http", "--json")
    assert added.events[0]["status"] == 201
    listed = json.loads(http(agent, "call", "readings.list", "limit:=3", "--http").out)
    assert listed["readings"][0]["value"] == 21.5
    agent.change(obtained_at=0)
    assert http(agent, "status").code == 0
    assert agent.kept()["refresh_token"] != kept["refresh_token"], "renewed with a proof"
    assert agent.kept()["token_type"] == "DPoP"
    assert http(agent, "logout").code == 0


def test_what_is_stolen_without_the_key_is_worth_nothing(agent: Agent, house: RunningHouse, tmp_path: Path) -> None:
    kept = sign_in(agent, house)
    for scheme in ("Bearer", "DPoP"):
        headers = {"Authorization": f"{scheme} {kept['access_token']}"}
        assert house.get("/api/me", headers=headers).status_code == 401
    assert house.refresh(kept).json()["error"] in ("invalid_grant", "invalid_dpop_proof")
    thief = Agent(tmp_path / "thief")
    thief.state.mkdir()
    shutil.copy(agent.tokens, thief.tokens)
    ended = http(thief, "call", "me")
    assert ended.code == 1
    assert "bound to a key that is no longer in" in ended.err
    assert http(agent, "status").code == 0, "the owner is still signed in"


def test_a_device_without_a_clock_signs_in_all_the_same(agent: Agent, house: RunningHouse, tmp_path: Path) -> None:
    # As a TV after a power cut: its clock begins at 1970. What counts is the Date of the server's answers.
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "sitecustomize.py").write_text(
        "import time\nbegan = time.time()\nwall = time.time\n"
        "time.time = lambda: wall() - began\ntime.time_ns = lambda: int(time.time() * 1e9)\n"
    )
    no_clock = {"PYTHONPATH": str(tmp_path / "old")}
    kept = sign_in(agent, house, **no_clock)
    assert kept["obtained_at"] < 100
    for words in (["call", "me"], ["call", "me", "--http"], ["status"]):
        assert http(agent, *words, **no_clock).code == 0


def test_the_key_is_the_owners_alone_and_stays_over_sign_outs(agent: Agent, house: RunningHouse) -> None:
    first = sign_in(agent, house)
    file = agent.state / "key.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    pem = file.read_text()
    assert http(agent, "logout").code == 0
    assert file.read_text() == pem
    assert sign_in(agent, house)["jkt"] == first["jkt"]
    assert sorted(path.name for path in agent.state.iterdir()) == ["key.pem", "lock", "tokens.json"]


def test_key_off_signs_in_without(agent: Agent, house: RunningHouse) -> None:
    kept = sign_in(agent, house, "--key", "off")
    assert (kept["token_type"], kept["jkt"]) == ("Bearer", "")
    assert not (agent.state / "key.pem").exists()
    assert http(agent, "call", "me").code == 0
    ended = http(agent, "call", "me", "--key", "on")
    assert ended.code == 1
    assert "bound to no key" in ended.err


def test_a_device_without_cryptography_signs_in_without_a_key(
    agent: Agent, house: RunningHouse, tmp_path: Path
) -> None:
    bare = without_cryptography(tmp_path)
    assert sign_in(agent, house, **bare)["token_type"] == "Bearer"
    ended = http(agent, "login", "--server", house.issuer, "--key", "on", **bare)
    assert ended.code == 2
    assert "pip install 'porchlight[key]'" in ended.err
    sign_in(agent, house, "--key", "on")
    ended = http(agent, "status", **bare)
    assert ended.code == 1
    assert "the package cryptography is gone" in ended.err


def test_a_lost_key_is_told_and_the_next_sign_in_makes_another(agent: Agent, house: RunningHouse) -> None:
    first = sign_in(agent, house)
    before = agent.tokens.read_bytes()
    (agent.state / "key.pem").unlink()
    ended = http(agent, "status")
    assert ended.code == 1
    assert "no longer in" in ended.err
    assert "Run porchlight-agent login" in ended.err or "run porchlight-agent login" in ended.err
    assert agent.tokens.read_bytes() == before
    assert sign_in(agent, house)["jkt"] != first["jkt"]
    assert http(agent, "call", "me").code == 0


@pytest.mark.parametrize("broken", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_told_kept_aside_and_replaced(agent: Agent, keyed: MockServer, broken: str) -> None:
    assert login(agent, keyed).code == 0
    jkt, file = agent.kept()["jkt"], agent.state / "key.pem"
    file.write_text(broken)
    ended = http(agent, "status")
    assert ended.code == 1
    assert "is damaged; it was left as it is" in ended.err
    assert file.read_text() == broken
    ended = login(agent, keyed)
    assert ended.code == 0
    assert "The old key was damaged; it is kept as" in ended.err
    assert (agent.state / "key.pem.broken-1").read_text() == broken
    assert agent.kept()["jkt"] not in ("", jkt)


def test_a_disk_without_room_for_a_key_is_found_before_anybody_is_asked(agent: Agent, keyed: MockServer) -> None:
    agent.sign_in(keyed.issuer)
    before = agent.tokens.read_bytes()
    assert agent.run_on_a_full_disk("login", "--server", keyed.issuer, "--insecure-http", "--key", "on").code == 1
    assert keyed.asked_for(DEVICE) == []
    assert agent.tokens.read_bytes() == before
    assert not (agent.state / "key.pem").exists()


def test_a_server_without_keys_gets_no_proof_and_key_on_refuses_it(agent: Agent, server: MockServer) -> None:
    assert login(agent, server).code == 0
    assert all("dpop" not in asked.headers for asked in server.asked)
    server.asked.clear()
    ended = login(agent, server, "--key", "on")
    assert ended.code == 7
    assert "does not bind sign-ins to keys" in ended.err
    assert server.asked_for(DEVICE) == []


def test_key_on_does_not_keep_tokens_that_are_bound_to_nothing(agent: Agent, keyed: MockServer) -> None:
    keyed.answers[TOKEN] = TOKENS
    keyed.answers[REVOKE] = (200, {})
    ended = login(agent, keyed, "--key", "on")
    assert ended.code == 7
    assert not agent.tokens.exists()
    assert keyed.asked_for(REVOKE)[0].form["token"] == "secret-refresh"
    assert login(agent, keyed).code == 0, "auto takes what it gets"


def test_dpop_14_every_request_of_a_sign_in_carries_a_proof_but_no_other(agent: Agent, keyed: MockServer) -> None:
    keyed.answers[REVOKE] = (200, {})
    assert login(agent, keyed).code == 0
    assert http(agent, "logout").code == 0
    proved = {asked.path for asked in keyed.asked if "dpop" in asked.headers}
    assert proved == {DEVICE, TOKEN, "/api/me"}
    assert {asked.path for asked in keyed.asked} - proved == {METADATA, REVOKE}


def test_dpop_09_a_nonce_is_no_poll(agent: Agent, keyed: MockServer) -> None:
    keyed.answers[DEVICE] = keyed.codes(interval=30)
    keyed.answers[TOKEN] = [(400, {"error": "use_dpop_nonce"}, {"dpop-nonce": "n"}), keyed.answers[TOKEN]]
    began = time.monotonic()
    assert login(agent, keyed).code == 0
    assert time.monotonic() - began < 10, "the second request did not wait for the interval"
    assert len(keyed.asked_for(TOKEN)) == 2
