"""What the operator changes while a server runs on the same SQLite file holds at once, over HTTP and MQTT."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from jwt.api_jwk import PyJWKSet

from tests.commands.process import TV, Porchlight, Served
from tests.house import PASSWORD
from tests.journeys.test_mqtt_life import Paho
from tests.waiting import wait_until

HEARD_WITHIN = 1  # second: the promise to the operator


@pytest.fixture(scope="module")
def porchlight(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Porchlight:
    """One storage for this file; every test brings its own client and person, or puts back what it changed."""
    return Porchlight(Path(shutil.copytree(furnished, tmp_path_factory.mktemp("serving") / "data")))


@pytest.fixture(scope="module")
def server(porchlight: Porchlight) -> Iterator[Served]:
    with porchlight.serve(mqtt=True) as running:
        yield running


def mqtt(server: Served, tokens: dict[str, Any]) -> Paho:
    """The device of these tokens, connected."""
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    device = Paho(server.post("/mqtt/credentials", headers=bearer).json())
    assert device.call("me", "1")["status"] == 200
    return device


def test_a_client_and_a_person_that_are_added_are_usable_at_once(porchlight: Porchlight, server: Served) -> None:
    assert server.post("/device_authorization", {"client_id": "new"}).status_code == 401
    porchlight.do("client", "add", "--client-id", "new", "--name", "New", *TV[4:], "--scope", "profile")
    porchlight.do("user", "add", "new", "--password-stdin", stdin=PASSWORD)
    assert server.me(server.sign_in("new", "new")).json()["username"] == "new"


def test_a_client_that_is_disabled_is_refused_and_its_devices_are_signed_out(
    porchlight: Porchlight, server: Served
) -> None:
    porchlight.do("client", "add", "--client-id", "old", "--name", "Old", *TV[4:], "--scope", "profile")
    tokens, waiting, approved = server.sign_in(client_id="old"), server.begin("old"), server.begin("old")
    for _ in range(2):  # the second one is answered by the fast path
        assert server.poll(waiting, "old").json()["error"] in ("authorization_pending", "slow_down")
    server.phone().approve(approved)
    device = mqtt(server, tokens)
    answer = porchlight.do("client", "disable", "old")
    assert answer == {"client_id": "old", "is_enabled": False, "devices_signed_out": 1}
    wait_until(lambda: device.ended and server.me(tokens).status_code == 401, HEARD_WITHIN)
    for refused in (server.poll(waiting, "old"), server.poll(approved, "old"), server.refresh(tokens, "old")):
        assert refused.json()["error"] in ("invalid_client", "unauthorized_client"), refused.text
    assert server.post("/device_authorization", {"client_id": "old"}).status_code in (400, 401)
    device.stop()
    porchlight.do("client", "enable", "old")
    wait_until(lambda: server.poll(waiting, "old").json()["error"] in ("authorization_pending", "slow_down"))
    assert server.me(tokens).status_code == 401, "nothing revives what was signed out"


def test_a_device_that_is_signed_out_loses_the_api_and_mqtt_within_a_second(
    porchlight: Porchlight, server: Served
) -> None:
    tokens, other = server.sign_in(device_name="Kitchen\x1b[2J"), server.sign_in()
    device_id = server.me(tokens).json()["device_id"]
    listed = {row["device_id"]: row for row in porchlight.do("device", "list", "--user", "ana")["devices"]}
    assert listed[device_id]["claimed_name"] == "Kitchen[2J", "what a device calls itself cannot steer a terminal"
    device = mqtt(server, tokens)
    assert porchlight.do("device", "sign-out", device_id) == {"signed_out": [device_id]}
    wait_until(lambda: device.ended and server.me(tokens).status_code == 401, HEARD_WITHIN)
    assert server.refresh(tokens).json()["error"] == "invalid_grant"
    assert server.me(other).status_code == 200
    device.stop()
    assert device_id not in str(porchlight.do("device", "list"))
    table = porchlight.run("device", "list", "--all").out
    assert device_id in table
    assert table.startswith("DEVICE ID")


def test_a_person_who_is_disabled_gets_no_tokens_any_more(porchlight: Porchlight, server: Served) -> None:
    porchlight.do("user", "add", "eve", "--password-stdin", stdin=PASSWORD)
    tokens, approved = server.sign_in("eve"), server.begin()
    server.phone("eve").approve(approved)
    answer = porchlight.do("user", "disable", "eve")
    assert answer == {"username": "eve", "is_enabled": False, "devices_signed_out": 1}
    wait_until(lambda: server.me(tokens).status_code == 401, HEARD_WITHIN)
    assert server.poll(approved).json()["error"] == "invalid_grant", "approved before, collected never"
    assert server.refresh(tokens).json()["error"] == "invalid_grant"
    page = server.phone("eve").open(server.begin())
    assert "/sign-in" in page.url, "the browser's session is worth nothing any more"
    porchlight.do("user", "enable", "eve")
    assert server.me(server.sign_in("eve")).status_code == 200
    assert server.me(tokens).status_code == 401


class Verifier:
    """A resource server of somebody else's: PyJWT, and a JWK Set that is fetched again for a key it does not know."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._keys: dict[str, Any] = {}

    def check(self, token: str) -> str:
        """The id of the key that signed it; raises what PyJWT raises."""
        key_id = str(jwt.get_unverified_header(token)["kid"])
        if key_id not in self._keys:
            fetched = PyJWKSet.from_dict(self._server.get("/jwks").json())
            self._keys = {str(key.key_id): key for key in fetched.keys}
        issuer = self._server.issuer
        jwt.decode(token, self._keys[key_id], algorithms=["ES256"], issuer=issuer, audience=f"{issuer}/api")
        return key_id


def test_keys_rotate_under_load_without_one_failed_verification(porchlight: Porchlight, server: Served) -> None:
    before = server.sign_in()
    assert {key["algorithm"] for key in porchlight.do("keys", "list")["keys"]} == {"ES256", "RS256"}
    tokens, seen, faults, is_over = dict(before), [], [], threading.Event()
    verifier = Verifier(server)

    def refresh_and_verify() -> None:
        try:
            while not is_over.is_set():
                tokens.update(server.refresh(tokens).json())
                seen.append(verifier.check(tokens["access_token"]))
                verifier.check(before["access_token"])
                assert server.me(tokens).status_code == server.me(before).status_code == 200
        except Exception as fault:
            faults.append(fault)

    load = threading.Thread(target=refresh_and_verify)
    load.start()
    later = porchlight.do("keys", "rotate")
    wait_until(lambda: later["key_id"] in published(server), HEARD_WITHIN)
    at_once = porchlight.do("keys", "rotate", "--now")
    wait_until(lambda: faults or at_once["key_id"] in seen, HEARD_WITHIN)
    time.sleep(0.2)  # load, not waiting: more tokens by the new key
    is_over.set()
    load.join(20)
    assert not faults
    assert len(seen) > 20
    assert later["key_id"] not in seen, "it is published before it signs"
    assert published(server) >= {seen[0], later["key_id"], at_once["key_id"]}
    assert porchlight.run("keys", "list").out.startswith("KEY ID")


def published(server: Served) -> set[str]:
    """The ids of the keys in the JWK Set."""
    return {str(key["kid"]) for key in server.get("/jwks").json()["keys"]}


def test_an_upgrade_of_the_database_does_not_disturb_a_running_server(porchlight: Porchlight, server: Served) -> None:
    porchlight.do("db", "upgrade")
    assert server.me(server.sign_in()).status_code == 200
