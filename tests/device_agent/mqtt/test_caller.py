"""Calls over MQTT with paho against the real server: fast, honest about refusals, and quick to notice the end."""

import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from device_agent.mqtt import caller as caller_module
from device_agent.mqtt import envelope, topics
from device_agent.mqtt.caller import SIGNED_OUT, Caller, MqttFailure
from device_agent.mqtt.credentials import Credentials, read_credentials
from tests.house import RunningHouse, furnish, open_house
from tests.needs import require
from tests.waiting import wait_until

WITHIN = 10_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("house"), mqtt_port=0) as running:
        yield furnish(running)


def credentials(house: RunningHouse) -> Credentials:
    token = house.sign_in()["access_token"]
    answer = house.post("/mqtt/credentials", headers={"Authorization": f"Bearer {token}"})
    return read_credentials(answer.json())


@pytest.fixture
def caller(house: RunningHouse) -> Iterator[Caller]:
    caller = Caller(credentials(house), is_present=True)
    caller.open(WITHIN)
    yield caller
    caller.close()


def test_a_call_is_answered(caller: Caller) -> None:
    status, body = caller.call("me", None, WITHIN)
    assert status == 200
    assert isinstance(body, dict)
    assert body["username"] == "ana"


def test_arguments_arrive_as_they_were(caller: Caller) -> None:
    status, body = caller.call("readings.add", {"stream": "Grüße ☃", "value": 21.5}, WITHIN)
    assert status == 201
    assert isinstance(body, dict)
    assert (body["stream"], body["value"]) == ("Grüße ☃", 21.5)


def test_an_error_is_an_answer_too(caller: Caller) -> None:
    assert caller.call("readings.add", {"stream": "x", "value": "warm"}, WITHIN)[0] == 400
    assert caller.call("no.such.method", None, WITHIN)[0] == 404


def test_a_name_that_no_topic_can_hold_is_refused_here(caller: Caller) -> None:
    for method in ("", "a/b", "a+", "#", "x" * 200):
        with pytest.raises(ValueError, match="name in a topic"):
            caller.call(method, None, WITHIN)


def test_no_call_waits_for_nagle(caller: Caller) -> None:
    caller.call("me", None, WITHIN)
    taken = []
    for _ in range(15):
        begun = time.perf_counter()
        caller.call("me", None, WITHIN)
        taken.append(time.perf_counter() - begun)
    # With Nagle's algorithm no call takes less than 40 ms, however quick the machine.
    assert min(taken) < 0.035, statistics.median(taken)


def test_calls_from_several_threads_do_not_mix(caller: Caller) -> None:
    answers: dict[int, Any] = {}

    def call(number: int) -> None:
        answers[number] = caller.call("readings.add", {"stream": "s", "value": number}, WITHIN)[1]

    threads = [threading.Thread(target=call, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert {number: answer["value"] for number, answer in answers.items()} == {number: number for number in range(24)}


def test_a_refused_publish_is_told_by_its_reason_code(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    # The broker refuses another device's branch with a PUBACK code, which paho counts as published.
    monkeypatch.setattr(topics, "request", lambda device, method, rid: f"v1/somebody-else/up/rq/{method}/{rid}")
    with pytest.raises(MqttFailure) as refused:
        caller.call("me", None, WITHIN)
    assert refused.value.code == 0x87


def test_an_answer_that_does_not_come_ends_in_time(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "request", lambda device, method, rid: f"v1/{device}/up/tm/{method}")
    begun = time.perf_counter()
    with pytest.raises(MqttFailure, match="no answer to me in time"):
        caller.call("me", None, 300)
    assert time.perf_counter() - begun < 3


def test_wrong_credentials_are_told_apart_from_a_broker_that_is_away(house: RunningHouse) -> None:
    given = credentials(house)
    given.password = "not-a-token"
    with pytest.raises(MqttFailure) as refused:
        Caller(given).open(WITHIN)
    assert refused.value.code in SIGNED_OUT
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        given.port = nobody.getsockname()[1]
        with pytest.raises(MqttFailure, match="cannot be reached") as away:
            Caller(given).open(WITHIN)
    assert away.value.code == 0


def test_a_broker_that_says_nothing_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = Credentials("127.0.0.1", silent.getsockname()[1], False, "tv", "tv", "x")
        begun = time.perf_counter()
        with pytest.raises(MqttFailure, match="does not answer"):
            Caller(given).open(400)
        assert time.perf_counter() - begun < 5


def test_a_sign_out_ends_the_connection_with_its_reason(house: RunningHouse) -> None:
    tokens = house.sign_in()
    answer = house.post("/mqtt/credentials", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    caller = Caller(read_credentials(answer.json()))
    caller.open(WITHIN)
    assert house.post("/revoke", {"token": tokens["refresh_token"], "client_id": "tv"}).status_code == 200
    assert caller.ended.wait(10)
    assert caller.reason.code in SIGNED_OUT
    with pytest.raises(MqttFailure):
        caller.call("me", None, WITHIN)
    caller.close()


def test_a_waiting_call_is_told_when_the_connection_ends(house: RunningHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = house.sign_in()
    answer = house.post("/mqtt/credentials", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    caller = Caller(read_credentials(answer.json()))
    caller.open(WITHIN)
    monkeypatch.setattr(topics, "request", lambda device, method, rid: f"v1/{device}/up/tm/{method}")
    timer = threading.Timer(0.3, lambda: house.post("/revoke", {"token": tokens["refresh_token"], "client_id": "tv"}))
    timer.start()
    begun = time.perf_counter()
    with pytest.raises(MqttFailure):
        caller.call("me", None, 20_000)
    assert time.perf_counter() - begun < 10
    timer.join()
    caller.close()


def test_nonsense_on_the_answer_topic_does_not_kill_the_connection(caller: Caller, house: RunningHouse) -> None:
    for payload in (b"", b"{", b"[]", b'{"status":"ok"}', b"\xff" * 20):
        message = MQTTMessage(topic=topics.reply(caller._device_id, "x").encode())
        message.payload = payload
        caller._on_message(caller._client, None, message)
    assert caller.call("me", None, WITHIN)[0] == 200


class Watcher:
    """Sees the presence of a device on a mosquitto of our own, as an operator's tool would."""

    def __init__(self, port: int, device_id: str) -> None:
        self.seen: list[tuple[bool, str]] = []
        self.news = threading.Condition()
        subscribed = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, "watcher", protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_message = self._see
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe(topics.presence(device_id), qos=1)
        assert subscribed.wait(10)

    def _see(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        with self.news:
            self.seen.append(envelope.decode_presence(bytes(message.payload)))
            self.news.notify_all()

    def wait_for(self, count: int) -> list[tuple[bool, str]]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.seen) >= count, 15), self.seen
            return self.seen

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[int]:
    """The port of a mosquitto that lets everybody in: another broker than ours must do as well."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen([str(require("mosquitto")), "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(port))
        yield port
    finally:
        broker.terminate()
        broker.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_presence_is_told_at_both_ends_and_by_the_will(mosquitto: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller_module, "WILL_DELAY", 0)
    given = Credentials("127.0.0.1", mosquitto, False, "tv", "tv", "x")
    watcher = Watcher(mosquitto, "tv")
    caller = Caller(given, is_present=True)
    caller.open(WITHIN)
    watcher.wait_for(1)
    caller.close()
    watcher.wait_for(2)
    cut_off = Caller(given, is_present=True)
    cut_off.open(WITHIN)
    watcher.wait_for(3)
    connection = cut_off._client.socket()
    assert isinstance(connection, socket.socket)
    connection.shutdown(socket.SHUT_RDWR)
    seen = watcher.wait_for(4)
    assert [is_online for is_online, _ in seen] == [True, False, True, False]
    assert seen[0][1] == seen[1][1] != seen[2][1] == seen[3][1]
    assert cut_off.ended.wait(10)
    cut_off.close()
    watcher.close()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"port": 0}, "no port"),
        ({"port": "1883"}, "no port"),
        ({"port": True}, "no port"),
        ({"tls": None}, "no tls"),
        ({"host": ""}, "no host"),
        ({"password": 7}, "no password"),
        ({"client_id": "a/b"}, "no good client_id"),
    ],
)
def test_credentials_that_make_no_sense_are_named(change: dict[str, object], named: str) -> None:
    good = {"host": "h", "port": 1883, "tls": True, "client_id": "tv", "username": "tv", "password": "p"}
    assert read_credentials({**good, "expires_in": 900}).expires_for == 900_000
    with pytest.raises(ValueError, match=named):
        read_credentials({**good, **change})
    with pytest.raises(ValueError, match="no JSON object"):
        read_credentials([])
