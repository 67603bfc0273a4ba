"""What a signed-in device makes of brokers that refuse, fall silent, break the rules or answer nonsense."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from device_agent.mqtt.packets import broker as wire
from device_agent.mqtt.packets.shapes import (
    ConnAck,
    Connect,
    Disconnect,
    Packet,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
)
from firmware_sim.discovery import Endpoints
from firmware_sim.life import Life, Mishap
from firmware_sim.road import Answer, Form, Lost
from firmware_sim.work import work

TOKENS = {"access_token": "secret-token", "scope": "profile readings:write"}
ENDPOINTS = Endpoints("http://127.0.0.1", "", "", "http://127.0.0.1/mqtt/credentials")
ME = {"status": 200, "body": {"device_id": "tv-1", "username": "ana"}}
Say = Callable[..., None]
Behaviour = Callable[["ScriptedBroker", Packet, Say], None]


class ScriptedBroker(asyncio.Protocol):
    """A broker of one connection that behaves as it is told."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.heard: list[Packet] = []
        self.is_left = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._decoder = wire.decoder(65_536)
        self.is_left.clear()

    def data_received(self, data: bytes) -> None:
        for packet in self._decoder.feed(data):
            self._decoder.awaited = 0
            self.heard.append(packet)
            self.behaviour(self, packet, self._say)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_left.set()

    def _say(self, *packets: Packet | bytes) -> None:
        for packet in packets:
            self._transport.write(packet if isinstance(packet, bytes) else wire.encode(packet))


def well(broker: ScriptedBroker, packet: Packet, say: Say) -> None:
    """As a broker with a gateway behind it should."""
    if isinstance(packet, Connect):
        say(ConnAck())
    elif isinstance(packet, Subscribe):
        say(SubAck(packet.packet_id, [1]))
    elif isinstance(packet, Publish):
        say(PubAck(packet.packet_id))
        topic = packet.properties.response_topic
        if topic is not None:
            asked = json.loads(packet.payload or b"{}")
            right = ME if "/me/" in packet.topic else {"status": 201, "body": {"device_id": "tv-1", **asked}}
            say(Publish(topic, json.dumps(right).encode(), 1, False, 7))


def otherwise(kind: type[Packet], do: Callable[[Any, Say], None]) -> Behaviour:
    """Well, but for one kind of packet."""

    def behave(broker: ScriptedBroker, packet: Packet, say: Say) -> None:
        if isinstance(packet, kind):
            do(packet, say)
        else:
            well(broker, packet, say)

    return behave


def answering(payload: bytes) -> Behaviour:
    """Calls are answered with this."""

    def answer(packet: Publish, say: Say) -> None:
        say(PubAck(packet.packet_id))
        if packet.properties.response_topic:
            say(Publish(packet.properties.response_topic, payload, 0))

    return otherwise(Publish, answer)


class CredentialsRoad:
    """Answers the credentials endpoint with these answers, one after another; None is a lost one."""

    def __init__(self, *answers: Answer | None) -> None:
        self.answers = list(answers)

    async def post(self, url: str, form: Form = (), *, hold_for: int = 0, token: str = "") -> Answer:
        assert (url, token) == (ENDPOINTS.mqtt_credentials, "secret-token")
        answer = self.answers.pop(0)
        if answer is None:
            raise Lost("gone")
        return answer


def credentials(port: object, **changes: object) -> Answer:
    names = {"client_id": "tv-1", "username": "tv-1", "password": "secret-token"}
    return Answer(200, {"host": "127.0.0.1", "port": port, "tls": False, **names, **changes})


def worked(
    behaviour: Behaviour,
    *,
    calls: int = 2,
    tokens: dict[str, object] | None = None,
    road: Callable[[int], CredentialsRoad] = lambda port: CredentialsRoad(credentials(port)),
) -> tuple[Life, list[Packet]]:
    async def story() -> tuple[Life, list[Packet]]:
        life, broker = Life("patient", "signed_in"), ScriptedBroker(behaviour)
        server = await asyncio.get_running_loop().create_server(lambda: broker, "127.0.0.1", 0)
        try:
            port = server.sockets[0].getsockname()[1]
            await work(ENDPOINTS, road(port), dict(tokens or TOKENS), calls, life)
            await broker.is_left.wait()  # the last connection has ended
        finally:
            server.close()
        return life, broker.heard

    return asyncio.run(within(story()))


async def within(story: Awaitable[Any]) -> Any:
    async with asyncio.timeout(10):
        return await story


def test_a_device_says_hello_calls_and_leaves_cleanly() -> None:
    life, heard = worked(well, calls=3)
    assert len(life.round_trips) == 3
    published = [packet for packet in heard if isinstance(packet, Publish)]
    assert [packet.topic.split("/")[3] for packet in published] == ["st", "rq", "rq", "rq", "st"]
    methods = [packet.topic.split("/")[4] for packet in published if "/rq/" in packet.topic]
    assert methods == ["me", "readings.add", "me"]
    connect = heard[0]
    assert isinstance(connect, Connect)
    assert connect.password == b"secret-token"
    assert connect.will is not None
    assert connect.will.topic == "v1/tv-1/up/st"
    assert isinstance(heard[-1], Disconnect)
    assert heard[-1].reason_code == 0


def test_a_device_without_calls_still_connects_and_leaves() -> None:
    life, heard = worked(well, calls=0)
    assert life.round_trips == []
    assert isinstance(heard[-1], Disconnect)


def test_only_calls_that_the_scope_allows_are_made() -> None:
    _, heard = worked(well, tokens={**TOKENS, "scope": "readings:write"})
    assert not [packet for packet in heard if isinstance(packet, Publish) and "/me/" in packet.topic]
    with pytest.raises(Mishap, match="scope"):
        worked(well, tokens={**TOKENS, "scope": "readings:read"})


def refuse(packet: Connect, say: Say) -> None:
    say(ConnAck(reason_code=0x87))


def close(packet: Publish, say: Say) -> None:
    say(Disconnect(0x98))


def break_the_rules(packet: Publish, say: Say) -> None:
    say(b"\x00\x00")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (otherwise(Connect, refuse), "mqtt_refused_0x87"),
        (otherwise(Connect, lambda packet, say: say(PubAck(1))), "mqtt_nonsense"),
        (otherwise(Subscribe, lambda packet, say: say(SubAck(packet.packet_id, [0x87]))), "mqtt_subscribe_refused"),
        (otherwise(Publish, lambda packet, say: say(PubAck(packet.packet_id, 0x97))), "mqtt_publish_refused"),
        (otherwise(Publish, close), "mqtt_closed_0x98"),
        (otherwise(Publish, break_the_rules), "mqtt_nonsense"),
        (answering(b"nonsense"), "wrong_answer"),
        (answering(b'{"status":200,"body":[]}'), "wrong_answer"),
        (answering(b'{"status":200,"body":{"device_id":"tv-2","username":"ana"}}'), "wrong_answer"),
        (answering(b'{"status":403,"body":{"error":"insufficient_scope"}}'), "call_status_403"),
    ],
)
def test_what_goes_wrong_is_named(behaviour: Behaviour, reason: str) -> None:
    with pytest.raises(Mishap) as mishap:
        worked(behaviour)
    assert mishap.value.reason == reason


@pytest.mark.parametrize("silent", [Connect, Subscribe, Publish])
def test_a_broker_that_falls_silent_is_given_up(silent: type[Packet], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_sim.mqtt.PATIENCE_S", 0.05)
    with pytest.raises(Mishap) as mishap:
        worked(otherwise(silent, lambda packet, say: None))
    assert mishap.value.reason == "mqtt_timeout"


def test_a_call_that_is_never_answered_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_sim.work.PATIENCE_S", 0.05)
    with pytest.raises(Mishap) as mishap:
        worked(otherwise(Publish, lambda packet, say: say(PubAck(packet.packet_id))))
    assert mishap.value.reason == "call_timeout"


def test_credentials_are_asked_for_again_after_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_sim.patience.PAUSES_S", (0.0, 0.0))
    life, _ = worked(well, road=lambda port: CredentialsRoad(None, Answer(503), credentials(port)))
    assert (life.requests, life.lost_requests, life.reconnects) == (3, 1, 2)


def shutting_down_once(broker: ScriptedBroker, packet: Packet, say: Say) -> None:
    is_first = sum(isinstance(each, Connect) for each in broker.heard) == 1
    say(Disconnect(0x8B)) if isinstance(packet, Subscribe) and is_first else well(broker, packet, say)


def test_a_broker_that_restarts_is_met_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_sim.patience.PAUSES_S", (0.0,))
    life, _ = worked(shutting_down_once, road=lambda port: CredentialsRoad(credentials(port), credentials(port)))
    assert (life.reconnects, len(life.round_trips)) == (1, 2)


def test_a_broker_that_stays_away_is_given_up_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_sim.patience.PAUSES_S", (0.0,))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        answer = credentials(taken.getsockname()[1])
        with pytest.raises(Mishap) as mishap:
            worked(well, road=lambda port: CredentialsRoad(answer, answer))
    assert mishap.value.reason == "mqtt_unreachable"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(401, {"error": "invalid_token"}), "credentials_401"),
        (credentials(1, host="broker.evil.example"), "mqtt_elsewhere"),
        (credentials(0), "wrong_answer"),
        (credentials(1, client_id="a/b"), "wrong_answer"),
        (credentials("1883"), "wrong_answer"),
    ],
)
def test_credentials_that_lead_nowhere_are_named_and_nothing_is_sent(answer: Answer, reason: str) -> None:
    with pytest.raises(Mishap) as mishap:
        worked(well, road=lambda port: CredentialsRoad(answer))
    assert mishap.value.reason == reason
    assert "secret-token" not in str(mishap.value)
