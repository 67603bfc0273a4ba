"""A device's life on MQTT, with the real server and clients that nobody here wrote: paho and mosquitto's."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device_agent.mqtt.packets import reasons
from server.broker.port import Received
from tests.certificate import certificate
from tests.dpop import Key
from tests.house import Phone, RunningHouse, furnish, open_house
from tests.needs import require
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("house"), mqtt_port=0) as running:
        yield furnish(running)


def credentials(house: RunningHouse, tokens: dict[str, Any]) -> dict[str, Any]:
    answer = house.post("/mqtt/credentials", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


class Paho:
    """A paho client of one device; `ended` holds the reason code of its disconnection."""

    def __init__(self, given: dict[str, Any], **changes: Any) -> None:
        self.device_id = given["client_id"]
        self.ended: list[int] = []
        self.answers: dict[str, Any] = {}
        self.connected = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, given["client_id"], protocol=MQTTProtocolVersion.MQTTv5)
        self.client.username_pw_set(given["username"], changes.get("password", given["password"]))
        self.client.on_socket_open = lambda client, data, sock: sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self.client.on_connect = self._connected
        self.client.on_disconnect = lambda client, data, flags, reason, properties: self.ended.append(reason.value)
        self.client.on_message = self._message
        self.client.reconnect_delay_set(60, 60)
        self.will = f"v1/{self.device_id}/up/st"
        self.client.will_set(self.will, b'{"s":"offline","sid":"1"}', qos=1, retain=True)
        self.client.connect(given["host"], given["port"], 60)
        self.client.loop_start()

    def _connected(self, client: Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self.ended.append(reason.value)
        else:
            client.subscribe(f"v1/{self.device_id}/dn/#", qos=1)
            client.on_subscribe = lambda *rest: self.connected.set()

    def _message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        self.answers[message.topic.rpartition("/")[2]] = json.loads(message.payload)

    def call(self, method: str, request_id: str, arguments: dict[str, Any] | None = None) -> Any:
        assert self.connected.wait(5)
        payload = json.dumps(arguments).encode() if arguments else b""
        self.client.publish(f"v1/{self.device_id}/up/rq/{method}/{request_id}", payload, qos=1)
        wait_until(lambda: request_id in self.answers)
        return self.answers[request_id]

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def heard(house: RunningHouse, topic: str) -> list[Received]:
    """What the server hears under a topic from now on."""
    messages: list[Received] = []

    def take(received: Received) -> None:
        messages.append(received)

    async def listen() -> None:
        house.app._broker._broker.listen(topic, take)  # type: ignore[union-attr]

    house.do(listen())
    return messages


def test_the_credentials_say_all_a_device_needs(house: RunningHouse) -> None:
    given = credentials(house, house.sign_in())
    assert set(given) == {"host", "port", "tls", "client_id", "username", "password", "topics", "expires_in"}
    assert given["client_id"] == given["username"]
    assert given["topics"] == {
        "publish": [f"v1/{given['client_id']}/up/#"],
        "subscribe": [f"v1/{given['client_id']}/dn/#"],
    }
    assert given["expires_in"] in range(890, 901)


def test_one_api_two_roads(house: RunningHouse) -> None:
    tokens = house.sign_in()
    device = Paho(credentials(house, tokens))
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert device.call("me", "1") == {"status": 200, "body": house.get("/api/me", headers=bearer).json()}
    added = device.call("readings.add", "2", {"stream": "temperature", "value": 21.5})
    assert added["status"] == 201
    listed = house.get("/api/readings?stream=temperature", headers=bearer).json()
    assert device.call("readings.list", "3", {"stream": "temperature", "limit": 1})["body"] == listed
    assert listed["readings"][0]["id"] == added["body"]["id"]
    device.stop()


def test_a_call_that_is_repeated_is_done_once(house: RunningHouse) -> None:
    device = Paho(credentials(house, house.sign_in()))
    first = device.call("readings.add", "same", {"stream": "once", "value": 1})
    device.answers.clear()
    assert device.call("readings.add", "same", {"stream": "once", "value": 1}) == first
    assert len(device.call("readings.list", "list", {"stream": "once"})["body"]["readings"]) == 1
    device.stop()


@pytest.mark.parametrize(
    ("method", "arguments", "status", "error"),
    [
        ("no.such", None, 404, "unknown_method"),
        ("readings.add", {"stream": "x"}, 400, "invalid_request"),
        ("readings.add", {"stream": "x", "value": "warm"}, 400, "invalid_request"),
        ("readings.list", {"limit": 1_000}, 400, "invalid_request"),
        ("mqtt.renew", {"access_token": "forged"}, 401, "invalid_token"),
    ],
)
def test_a_bad_call_is_answered_in_the_envelope(
    house: RunningHouse, method: str, arguments: dict[str, Any] | None, status: int, error: str
) -> None:
    device = Paho(credentials(house, house.sign_in()))
    answer = device.call(method, "1", arguments)
    assert (answer["status"], answer["body"]["error"]) == (status, error)
    device.stop()


def test_a_call_needs_its_scope_over_mqtt_too(house: RunningHouse) -> None:
    device = Paho(credentials(house, house.sign_in(scope="profile")))
    assert device.call("readings.list", "1")["body"]["error"] == "insufficient_scope"
    device.stop()


def test_revocation_closes_the_session_within_a_second_and_publishes_its_will(house: RunningHouse) -> None:
    tokens = house.sign_in()
    device = Paho(credentials(house, tokens))
    assert device.call("me", "1")["status"] == 200
    wills = heard(house, device.will)
    house.post("/revoke", {"client_id": "tv", "token": tokens["refresh_token"]})
    took = wait_until(lambda: device.ended and wills, 1)
    assert device.ended[0] == reasons.ADMINISTRATIVE_ACTION
    assert json.loads(wills[0].payload)["s"] == "offline"
    assert took < 1
    again = Paho(credentials(house, house.sign_in()), password=tokens["access_token"])
    wait_until(lambda: again.ended)
    assert again.ended[0] == reasons.NOT_AUTHORIZED
    device.stop()
    again.stop()


def test_what_a_device_left_behind_goes_when_it_is_signed_out(house: RunningHouse) -> None:
    tokens = house.sign_in()
    device = Paho(credentials(house, tokens))
    assert device.call("me", "1")["status"] == 200
    retained = house.app._broker._broker._exchange.retained  # type: ignore[union-attr]
    before = len(retained)
    published: list[int] = []
    device.client.on_publish = lambda client, data, mid, reason, properties: published.append(reason.value)
    device.client.publish(f"v1/{device.device_id}/up/st", b'{"s":"online","sid":"1"}', qos=1, retain=True)
    wait_until(lambda: published)
    assert len(retained) == before + 1
    device.stop()
    house.post("/revoke", {"client_id": "tv", "token": tokens["refresh_token"]})
    wait_until(lambda: len(retained) == before)


def test_the_session_ends_with_its_token_and_publishes_its_will(house: RunningHouse) -> None:
    device = Paho(credentials(house, house.sign_in()))
    assert device.call("me", "1")["status"] == 200
    wills = heard(house, device.will)
    house.clock.advance(901)
    wait_until(lambda: device.ended and wills, 2)
    assert device.ended[0] == reasons.NOT_AUTHORIZED
    device.stop()


def test_a_session_is_renewed_by_an_api_call_for_clients_without_auth(house: RunningHouse) -> None:
    tokens = house.sign_in()
    device = Paho(credentials(house, tokens))
    assert device.call("me", "1")["status"] == 200
    house.clock.advance(600)
    form = {"grant_type": "refresh_token", "client_id": "tv", "refresh_token": tokens["refresh_token"]}
    fresh = house.post("/token", form).json()["access_token"]
    renewed = device.call("mqtt.renew", "2", {"access_token": fresh})
    assert renewed["status"] == 200
    house.clock.advance(600)
    assert device.call("me", "3")["status"] == 200, "the session lives on the fresh token"
    assert not device.ended
    device.stop()


def test_a_session_is_not_renewed_with_the_token_of_another_device(house: RunningHouse) -> None:
    device = Paho(credentials(house, house.sign_in()))
    other = house.sign_in()
    answer = device.call("mqtt.renew", "1", {"access_token": other["access_token"]})
    assert answer["status"] == 401
    device.stop()


def test_mosquittos_clients_call_the_api_by_response_topic(house: RunningHouse) -> None:
    given = credentials(house, house.sign_in())
    topic = f"v1/{given['client_id']}/dn/rs/7"
    common = [
        "-h",
        given["host"],
        "-p",
        str(given["port"]),
        "-V",
        "5",
        "-u",
        given["username"],
        "-P",
        given["password"],
    ]
    argv = [require("mosquitto_rr"), *common, "-i", given["client_id"], "-e", topic, "-W", "10"]
    argv += ["-t", f"v1/{given['client_id']}/up/rq/me/7", "-m", "", "-q", "1"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["body"]["username"] == "ana"


def test_mosquitto_pub_is_refused_outside_its_own_branch(house: RunningHouse) -> None:
    mine, other = (credentials(house, house.sign_in()) for _ in range(2))
    argv = [require("mosquitto_pub"), "-h", mine["host"], "-p", str(mine["port"]), "-V", "5", "-i", mine["client_id"]]
    argv += ["-u", mine["username"], "-P", mine["password"], "-q", "1", "-m", "x", "-d"]
    spied = heard(house, f"v1/{other['client_id']}/#")
    done = subprocess.run([*argv, "-t", f"v1/{other['client_id']}/up/tm/x"], capture_output=True, text=True, timeout=20)
    assert "not authori" in (done.stdout + done.stderr).lower()
    assert not spied


def test_a_will_outside_its_own_branch_is_refused_at_connect(house: RunningHouse) -> None:
    mine, other = (credentials(house, house.sign_in()) for _ in range(2))
    client = Client(CallbackAPIVersion.VERSION2, mine["client_id"], protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(mine["username"], mine["password"])
    client.will_set(f"v1/{other['client_id']}/up/st", b"offline")
    refused: list[int] = []
    client.on_connect = lambda client, data, flags, reason, properties: refused.append(reason.value)
    client.connect(mine["host"], mine["port"])
    client.loop_start()
    wait_until(lambda: refused)
    assert refused[0] == reasons.NOT_AUTHORIZED
    client.loop_stop()


def test_an_answer_is_never_published_into_another_devices_branch(house: RunningHouse) -> None:
    mine, other = (credentials(house, house.sign_in()) for _ in range(2))
    victim, attacker = Paho(other), Paho(mine)
    assert victim.call("me", "0")["status"] == 200
    assert attacker.call("me", "0")["status"] == 200
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = f"v1/{other['client_id']}/dn/rs/stolen"
    codes: list[int] = []
    attacker.client.on_publish = lambda client, data, mid, reason, properties: codes.append(reason.value)
    attacker.client.publish(f"v1/{mine['client_id']}/up/rq/me/9", b"", qos=1, properties=properties)
    wait_until(lambda: codes)
    assert codes[0] >= 0x80
    assert victim.call("me", "1")["status"] == 200
    assert "stolen" not in victim.answers
    for device in (victim, attacker):
        device.stop()


def test_dpop_a_stolen_bound_token_opens_no_session_without_its_key(house: RunningHouse) -> None:
    key, thief = Key(), Key()
    started = house.begin()
    Phone(house).approve(started)
    proof = key.proof("POST", f"{house.issuer}/token", house.clock())
    tokens = house.poll(started, headers={"DPoP": proof}).json()
    token = tokens["access_token"]
    proof = key.proof("POST", f"{house.issuer}/mqtt/credentials", house.clock(), token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    given = house.post("/mqtt/credentials", headers=headers).json()
    codes = []
    for prover in (None, thief, key):
        client = Client(CallbackAPIVersion.VERSION2, given["client_id"], protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(given["username"], given["password"])
        answered: list[int] = []
        client.on_connect = lambda client, data, flags, reason, properties, to=answered: to.append(reason.value)
        properties = Properties(PacketTypes.CONNECT)
        if prover is not None:
            shown = prover.proof("CONNECT", f"{house.issuer}/mqtt", house.clock(), token=token)
            properties.UserProperty = ("dpop", shown)
        client.connect(given["host"], given["port"], properties=properties)
        client.loop_start()
        wait_until(lambda to=answered: to)
        client.disconnect()
        client.loop_stop()
        codes.append(answered[0])
    assert codes == [reasons.NOT_AUTHORIZED, reasons.NOT_AUTHORIZED, 0]


def test_stopping_the_server_says_goodbye(tmp_path: Path) -> None:
    with open_house(tmp_path, mqtt_port=0) as house:
        device = Paho(credentials(furnish(house), house.sign_in()))
        assert device.call("me", "1")["status"] == 200
    wait_until(lambda: device.ended)
    assert device.ended[0] == reasons.SERVER_SHUTTING_DOWN
    device.stop()


def test_mqtt_over_tls_with_the_servers_certificate(tmp_path: Path) -> None:
    cert = certificate(tmp_path / "tls.pem")
    with open_house(tmp_path, mqtt_port=0, tls_cert=str(cert), tls_key=str(cert)) as house:
        furnish(house)
        house.web.verify = str(cert)
        given = credentials(house, house.sign_in())
        assert given["tls"] is True
        context = ssl.create_default_context(cafile=str(cert))
        client = Client(CallbackAPIVersion.VERSION2, given["client_id"], protocol=MQTTProtocolVersion.MQTTv5)
        client.tls_set_context(context)
        client.username_pw_set(given["username"], given["password"])
        codes: list[int] = []
        client.on_connect = lambda client, data, flags, reason, properties: codes.append(reason.value)
        client.connect(given["host"], given["port"])
        client.loop_start()
        wait_until(lambda: codes)
        assert codes == [0]
        client.disconnect()
        client.loop_stop()


def test_a_thousand_milliseconds_are_enough_for_a_call(house: RunningHouse) -> None:
    device = Paho(credentials(house, house.sign_in()))
    device.call("me", "warm")
    begun = time.monotonic()
    for number in range(50):
        device.call("me", f"n{number}")
    assert (time.monotonic() - begun) / 50 < 0.2
    device.stop()
