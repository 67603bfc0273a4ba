"""The server runs on uvloop: the same broker on it, plain and over TLS, with a slow reader and a clean end."""

import asyncio
import ssl
from pathlib import Path

import uvloop

from device_agent.mqtt.packets import shapes
from device_agent.mqtt.packets.properties import Properties
from server.broker.limits import Limits
from server.broker.port import Received
from tests.broker.house import Device, House
from tests.certificate import certificate


async def call(device: Device, house: House) -> None:
    """A call and its answer, then a message larger than one read."""

    def answer(received: Received) -> None:
        assert received.response_topic is not None
        house.broker.publish(received.response_topic, received.payload, 1)

    stop = house.broker.listen("v1/+/up/rq/#", answer)
    await device.subscribe("v1/tv/dn/#")
    said = Properties(response_topic="v1/tv/dn/rs/1")
    for payload in (b"hello", b"x" * 100_000):
        device.say(shapes.Publish("v1/tv/up/rq/me/1", payload, 0, properties=said))
        assert (await device.message()).payload == payload
    stop()


def test_calls_slow_readers_and_the_end_are_the_same_on_uvloop() -> None:
    async def story() -> None:
        async with House(Limits(outgoing_bytes=65_536, queue_messages=20)) as house:
            device = await house.device()
            await call(device, house)
            device.writer.transport.pause_reading()  # type: ignore[attr-defined]
            for number in range(200):
                house.broker.publish(f"v1/tv/dn/rs/{number}", b"x" * 120_000)
                await asyncio.sleep(0)
            other = await house.device("radio")
            house.later(10_000)
            await house.until(lambda: not house.broker.is_connected("tv"))
            house.later(2_000)
            await house.until(lambda: house.broker.counters.connections == 1)
            await house.broker.stop()
            assert await other.farewell() == 0x8B

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())


def test_tls_is_the_same_on_uvloop(tmp_path: Path) -> None:
    pem = certificate(tmp_path / "broker.pem")
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(pem)
    theirs = ssl.create_default_context(cafile=str(pem))

    async def story() -> None:
        house = House()
        port = await house.broker.start("127.0.0.1", 0, ssl=ours)
        device = Device(*await asyncio.open_connection("127.0.0.1", port, ssl=theirs))
        device.say(shapes.Connect("tv", "tv", b"tv:60000:s1"))
        assert await device.hear() == welcome(house)
        await call(device, house)
        plain = Device(*await asyncio.open_connection("127.0.0.1", port))
        plain.say(shapes.Connect("tv", "tv", b"tv:60000:s1"))
        assert await plain.is_closed()
        await house.broker.close("tv", 0x98)
        assert await device.farewell() == 0x98
        await house.broker.stop()
        device.writer.close()
        plain.writer.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())


def welcome(house: House) -> shapes.ConnAck:
    """The terms as this house gives them."""
    limits = house.broker.limits
    terms = Properties(
        maximum_qos=1,
        receive_maximum=limits.receive_maximum,
        maximum_packet_size=limits.packet_bytes,
        topic_alias_maximum=limits.topic_aliases,
    )
    return shapes.ConnAck(False, 0, terms)
