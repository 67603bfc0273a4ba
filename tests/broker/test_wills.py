"""Wills: published when a connection ends badly, with the rights the session had, never lost to an expiry."""

import pytest

from device_agent.mqtt.packets import shapes
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Will
from tests.broker.house import Device, House, live

OFFLINE = Will("v1/tv/up/st", b'{"s":"offline","sid":"n1"}', 1, True)
DELAYED = Will("v1/tv/up/st", b"offline", 1, False, Properties(will_delay_interval=10, content_type="text/plain"))


async def listening(house: House) -> list[tuple[str, bytes]]:
    heard: list[tuple[str, bytes]] = []
    house.broker.listen("v1/+/up/#", lambda received: heard.append((received.topic, received.payload)))
    return heard


@pytest.mark.parametrize("reason_code", [0x04, 0x80, None])
def test_a_device_that_leaves_badly_is_reported_with_its_will(reason_code: int | None) -> None:
    async def story(house: House) -> None:
        heard = await listening(house)
        device = await house.device(will=OFFLINE)
        if reason_code is None:
            device.vanish()
        else:
            await device.leave(reason_code)
        await house.until(lambda: bool(heard))
        assert heard == [(OFFLINE.topic, OFFLINE.payload)]
        assert house.broker.retained == 1

    live(story)


def test_a_device_that_says_goodbye_leaves_no_will() -> None:
    async def story(house: House) -> None:
        heard = await listening(house)
        device = await house.device(will=OFFLINE)
        await device.leave()
        await house.until(lambda: house.broker.counters.connections == 0)
        assert heard == []

    live(story)


def test_mq_07_the_will_is_published_although_the_token_has_expired() -> None:
    async def story(house: House) -> None:
        heard = await listening(house)
        device = await house.device(will=OFFLINE, lifetime=60_000)
        house.later(60_000)
        assert heard == [(OFFLINE.topic, OFFLINE.payload)]
        assert await device.farewell() == 0x87

    live(story)


@pytest.mark.parametrize("name", ["tv", "s1"])
@pytest.mark.parametrize("reason_code", [0x87, 0x98])
def test_on_revocation_the_will_is_published_before_close_returns_whatever_its_delay(
    name: str, reason_code: int
) -> None:
    async def story(house: House) -> None:
        heard = await listening(house)
        device = await house.device(will=DELAYED, session_expiry_interval=600)
        assert await house.broker.close(name, reason_code) == 1
        assert heard == [("v1/tv/up/st", b"offline")]
        assert await device.farewell() == reason_code
        assert await house.broker.close(name, reason_code) == 0

    live(story)


@pytest.mark.parametrize("bad", [b"\x00\x00", b"\xc0\x01\x00"])
def test_breaking_a_rule_publishes_the_will(bad: bytes) -> None:
    async def story(house: House) -> None:
        heard = await listening(house)
        device = await house.device(will=OFFLINE)
        device.say_raw(bad)
        await device.farewell()
        assert len(heard) == 1

    live(story)


async def vanished(house: House, will: Will = DELAYED) -> tuple[Device, list[tuple[str, bytes]]]:
    heard = await listening(house)
    device = await house.device(will=will, session_expiry_interval=60)
    device.vanish()
    await house.until(lambda: not house.broker.is_connected("tv"))
    return device, heard


def test_a_delayed_will_waits_and_is_published_once() -> None:
    async def story(house: House) -> None:
        _, heard = await vanished(house)
        house.later(9_999)
        assert heard == []
        house.later(1)
        house.later(100_000)
        assert heard == [("v1/tv/up/st", b"offline")]

    live(story)


def test_a_device_that_comes_back_in_time_was_never_offline() -> None:
    async def story(house: House) -> None:
        _, heard = await vanished(house)
        device = await house.device(clean=False, session_expiry_interval=60, will=DELAYED, keep_alive=300)
        await device.subscribe("v1/tv/dn/#")
        house.later(20_000)
        assert heard == []  # neither the old will nor, by the old delay, the new one
        house.later(100_000)
        assert heard == []
        assert house.broker.publish("v1/tv/dn/rs/1", b"", 1) == 1  # nor does the old end reach the new connection
        assert (await device.message()).topic == "v1/tv/dn/rs/1"

    live(story)


def test_a_device_that_comes_back_with_clean_start_was_offline() -> None:
    async def story(house: House) -> None:
        _, heard = await vanished(house)
        await house.device(clean=True)
        assert len(heard) == 1

    live(story)


def test_a_will_waits_no_longer_than_its_session() -> None:
    async def story(house: House) -> None:
        late = Will("v1/tv/up/st", b"offline", 1, False, Properties(will_delay_interval=100))
        _, heard = await vanished(house, late)
        house.later(60_000)
        assert len(heard) == 1
        house.later(60_000)
        assert len(heard) == 1

    live(story)


def test_taking_over_publishes_a_will_only_when_it_is_not_delayed() -> None:
    async def story(house: House) -> None:
        heard = await listening(house)
        await house.device(will=DELAYED, session_expiry_interval=60)
        await house.device(will=OFFLINE, session_expiry_interval=60, clean=False)
        assert heard == []
        await house.device(session_expiry_interval=60, clean=False)
        assert len(heard) == 1

    live(story)


def test_the_message_of_a_will_keeps_its_properties_but_not_its_delay() -> None:
    async def story(house: House) -> None:
        console = await house.device("console")
        await console.subscribe("v1/+/up/st")
        await vanished(house)
        house.later(10_000)
        message = await console.message()
        assert message.properties == Properties(content_type="text/plain")

    live(story)


def test_a_will_that_cannot_be_retained_is_heard_all_the_same() -> None:
    async def story(house: House) -> None:
        heard = await listening(house)
        device = await house.device(will=OFFLINE)
        for number in range(16):
            await device.publish(f"v1/tv/up/tm/{number}", retain=True)
        device.vanish()
        await house.until(lambda: (OFFLINE.topic, OFFLINE.payload) in heard)
        assert house.broker.retained == 16

    live(story)


def test_a_shutdown_reports_nobody_offline() -> None:
    async def story(house: House) -> None:
        heard = await listening(house)
        device = await house.device(will=OFFLINE)
        await house.broker.stop()
        assert isinstance(await device.hear(), shapes.Disconnect)
        assert heard == []

    live(story)
