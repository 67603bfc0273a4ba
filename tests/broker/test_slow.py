"""Somebody who does not read: bounded memory, the others unharmed, out in the end."""

import asyncio
import socket

from device_agent.mqtt.packets import client, shapes
from device_agent.mqtt.packets.shapes import Subscription
from server.broker.limits import Limits
from tests.broker.house import Device, House, live

SMALL = Limits(outgoing_bytes=65_536, queue_messages=20)
BLOCK = b"x" * 120_000  # more than the kernel takes in, times the receive maximum


async def stuck(house: House, qos: int, **more: object) -> Device:
    """A subscriber that has stopped reading."""
    device = await house.device(**more)  # type: ignore[arg-type]
    await device.subscribe(Subscription("v1/tv/dn/#", qos))
    device.writer.transport.pause_reading()  # type: ignore[attr-defined]
    return device


async def flood(house: House, qos: int, times: int) -> None:
    for number in range(times):
        house.broker.publish(f"v1/tv/dn/rs/{number}", BLOCK, qos)
        if number % 10 == 0:
            await asyncio.sleep(0)


def test_messages_at_qos_0_are_dropped_for_a_slow_reader_and_it_is_evicted_in_the_end() -> None:
    async def story(house: House) -> None:
        await stuck(house, 0)
        other = await house.device("radio")
        await flood(house, 0, 200)
        assert house.broker.counters.messages_dropped > 100
        assert await other.is_silent()
        house.later(9_999)
        assert await other.is_silent()
        assert house.broker.is_connected("tv")
        house.later(1)
        await house.until(lambda: not house.broker.is_connected("tv"))
        assert house.broker.counters.evicted == 1
        house.later(2_000)
        await house.until(lambda: house.broker.counters.connections == 1)
        assert await other.is_silent()

    live(story, SMALL)


def test_a_full_queue_evicts_a_slow_reader_at_once_and_keeps_what_was_queued() -> None:
    async def story(house: House) -> None:
        heard: list[bytes] = []
        house.broker.listen("v1/+/up/st", lambda received: heard.append(received.payload))
        will = shapes.Will("v1/tv/up/st", b"offline", 1)
        await stuck(house, 1, session_expiry_interval=600, will=will)
        await flood(house, 1, 120)
        await house.until(lambda: not house.broker.is_connected("tv"))
        assert house.broker.counters.evicted == 1
        assert heard == [b"offline"]
        device = await house.device(session_expiry_interval=600, clean=False)
        assert (await device.message()).topic == "v1/tv/dn/rs/0"

    live(story, Limits(outgoing_bytes=65_536, queue_messages=20, queue_bytes=10_000_000))


def test_a_reader_that_catches_up_in_time_gets_what_waited() -> None:
    async def story(house: House) -> None:
        device = await stuck(house, 1)
        await flood(house, 1, 60)
        device.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert [(await device.message()).topic for _ in range(60)] == [f"v1/tv/dn/rs/{number}" for number in range(60)]
        house.later(20_000)
        assert await device.is_silent()

    live(story, Limits(outgoing_bytes=65_536, queue_messages=100, queue_bytes=10_000_000))


def test_who_asks_without_reading_the_answers_is_not_heard_any_more() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        device.writer.transport.pause_reading()  # type: ignore[attr-defined]
        (connection,) = house.broker._crowd.here
        plain = connection._transport.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        pings = client.encode(shapes.PingReq()) * 30_000
        for _ in range(100):
            device.say_raw(pings)
        other = await house.device("radio")
        heard = -1
        while house.broker.counters.bytes_in - heard > 1_000:  # until nothing but the other's pings comes in
            heard = house.broker.counters.bytes_in
            for _ in range(50):
                assert await other.is_silent()
        assert connection.is_congested
        assert heard < 100 * len(pings)

    live(story, SMALL)
