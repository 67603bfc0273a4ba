"""The client that most devices use, paho: its own network thread, its own encoding, against our broker."""

import asyncio
import queue
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from device_agent.mqtt.packets.properties import Properties as Ours
from server.broker.port import Received
from tests.broker.house import House, live


class Paho:
    """A paho client whose callbacks become items of one queue."""

    def __init__(self, house: House, device_id: str = "tv", token: str = "tv:3600000:s1", expiry: int = 0) -> None:
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()
        client = Client(CallbackAPIVersion.VERSION2, device_id, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(device_id, token)
        client.on_socket_open = lambda client, data, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.on_connect = lambda client, data, flags, code, said: self.put("connect", (code.value, flags, said))
        client.on_disconnect = lambda client, data, flags, code, said: self.put("disconnect", code.value)
        client.on_subscribe = lambda client, data, mid, codes, said: self.put("subscribe", [one.value for one in codes])
        client.on_publish = lambda client, data, mid, code, said: self.put("publish", code.value)
        client.on_message = lambda client, data, message: self.put("message", message)
        client.reconnect_delay_set(60, 60)
        self.client = client
        self.house = house
        self.expiry = expiry

    def put(self, name: str, value: Any) -> None:
        self.events.put((name, value))

    async def __aenter__(self) -> "Paho":
        said = Properties(PacketTypes.CONNECT)
        said.SessionExpiryInterval = self.expiry
        connect: Callable[[], Any] = lambda: self.client.connect(  # noqa: E731
            "127.0.0.1", self.house.port, 60, clean_start=not self.expiry, properties=said
        )
        await asyncio.to_thread(connect)
        self.client.loop_start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    async def next(self, name: str) -> Any:
        found, value = await asyncio.to_thread(self.events.get, timeout=5)
        assert found == name, (found, value)
        return value

    async def joined(self) -> None:
        code, _, _ = await self.next("connect")
        assert code == 0


def test_paho_connects_and_reads_our_terms() -> None:
    async def story(house: House) -> None:
        async with Paho(house, expiry=10**9) as paho:
            code, flags, said = await paho.next("connect")
            assert (code, flags.session_present) == (0, False)
            assert (said.MaximumQoS, said.ReceiveMaximum, said.TopicAliasMaximum) == (1, 64, 16)
            assert said.SessionExpiryInterval == 86_400

    live(story)


@pytest.mark.parametrize(("device_id", "token", "reason"), [("tv", "wrong", 0x87), ("radio", "tv:1000:s1", 0x85)])
def test_paho_hears_why_it_may_not_enter(device_id: str, token: str, reason: int) -> None:
    async def story(house: House) -> None:
        async with Paho(house, device_id, token) as paho:
            code, _, said = await paho.next("connect")
            assert code == reason
            assert said.ReasonString

    live(story)


def test_a_call_over_paho_comes_back_with_its_correlation_data_well_under_a_millisecond() -> None:
    async def story(house: House) -> None:
        def answer(call: Received) -> None:
            assert call.response_topic is not None
            said = Ours(correlation_data=call.correlation_data, user_properties=call.properties.user_properties)
            house.broker.publish(call.response_topic, call.payload, 1, properties=said)

        house.broker.listen("v1/+/up/rq/#", answer)
        async with Paho(house) as paho:
            await paho.joined()
            paho.client.subscribe("v1/tv/dn/rs/+", 1)
            assert await paho.next("subscribe") == [1]
            paho.client.on_publish = None
            took = await asyncio.to_thread(calls, paho, 100)
            # Generous: a busy machine; with Nagle on either side it would be 40 ms.
            assert sorted(took)[50] < 0.02, sorted(took)[50]

    live(story)


def calls(paho: Paho, count: int) -> list[float]:
    """Round trips in seconds, one after another, in a thread of their own."""
    took = []
    for number in range(count):
        said = Properties(PacketTypes.PUBLISH)
        said.ResponseTopic = f"v1/tv/dn/rs/{number}"
        said.CorrelationData = b"%d" % number
        said.UserProperty = ("k", "v")
        began = time.perf_counter()
        paho.client.publish(f"v1/tv/up/rq/me/{number}", b"ping", 1, properties=said)
        name, message = paho.events.get(timeout=5)
        took.append(time.perf_counter() - began)
        assert name == "message"
        assert (message.topic, message.payload) == (f"v1/tv/dn/rs/{number}", b"ping")
        assert message.properties.CorrelationData == b"%d" % number
        assert message.properties.UserProperty == [("k", "v")]
    return took


def test_paho_hears_of_a_refused_publish_and_a_refused_filter() -> None:
    async def story(house: House) -> None:
        async with Paho(house) as paho:
            await paho.joined()
            paho.client.publish("v1/radio/up/tm/a", b"x", 1)
            assert await paho.next("publish") == 0x87
            options = SubscribeOptions(qos=2, noLocal=True, retainAsPublished=True, retainHandling=1)
            paho.client.subscribe([("v1/tv/dn/#", options), ("v1/radio/dn/#", SubscribeOptions(qos=1))])
            assert await paho.next("subscribe") == [1, 0x87]

    live(story)


def test_paho_gets_what_waited_while_it_was_away() -> None:
    async def story(house: House) -> None:
        async with Paho(house, expiry=600) as paho:
            await paho.joined()
            paho.client.subscribe("v1/tv/dn/#", 1)
            await paho.next("subscribe")
        await house.until(lambda: not house.broker.is_connected("tv"))
        house.broker.publish("v1/tv/dn/cm/x/1", b"waited", 1, properties=Ours(message_expiry_interval=60))
        async with Paho(house, expiry=600) as paho:
            code, flags, _ = await paho.next("connect")
            assert (code, flags.session_present) == (0, True)
            message: MQTTMessage = await paho.next("message")
            assert message.payload == b"waited"
            assert message.properties is not None
            assert message.properties.MessageExpiryInterval == 60

    live(story)


def test_paho_is_told_of_revocation_expiry_and_takeover() -> None:
    async def story(house: House) -> None:
        async with Paho(house) as paho:
            await paho.joined()
            await house.broker.close("s1", 0x98)
            assert await paho.next("disconnect") == 0x98
        async with Paho(house, token="tv:60000:s1") as paho:
            await paho.joined()
            house.later(60_000)
            assert await paho.next("disconnect") == 0x87
        async with Paho(house) as paho:
            await paho.joined()
            await house.device()
            assert await paho.next("disconnect") == 0x8E

    live(story)


def test_a_topic_alias_of_paho_is_understood() -> None:
    async def story(house: House) -> None:
        heard: list[str] = []
        house.broker.listen("#", lambda received: heard.append(received.topic))
        async with Paho(house) as paho:
            await paho.joined()
            said = Properties(PacketTypes.PUBLISH)
            said.TopicAlias = 3
            paho.client.publish("v1/tv/up/tm/a", b"1", 1, properties=said)
            assert await paho.next("publish") == 0
            paho.client.publish("", b"2", 1, properties=said)
            assert await paho.next("publish") == 0
        assert heard == ["v1/tv/up/tm/a"] * 2

    live(story)
