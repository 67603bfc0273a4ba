"""Tokens run out: what then happens, and how a session goes on with a newer one."""

import asyncio

import pytest

from device_agent.mqtt.packets import shapes
from device_agent.mqtt.packets.properties import Properties
from server.broker.port import METHOD, Admission
from tests.broker.house import Device, House, live


def renewal(token: bytes | None, method: str = METHOD, code: int = 0x19) -> shapes.Auth:
    return shapes.Auth(code, Properties(authentication_method=method, authentication_data=token))


def test_mq_05_nothing_is_delivered_on_an_expired_token_even_before_the_timer_looks() -> None:
    async def story(house: House) -> None:
        device = await house.device(lifetime=60_000)
        await device.subscribe("v1/tv/dn/#")
        house.time.wall += 60_000  # no tick
        assert house.broker.publish("v1/tv/dn/rs/1", b"secret", 1) == 0
        assert await device.farewell() == 0x87
        assert house.broker.counters.expired == 1

    live(story)


@pytest.mark.parametrize(
    "packet",
    [
        shapes.Publish("v1/tv/up/tm/a", b"late", 1, packet_id=1),
        shapes.Publish("v1/tv/up/tm/a", b"late"),
        shapes.Subscribe(1, [shapes.Subscription("v1/tv/dn/#")]),
    ],
)
def test_mq_06_nothing_is_accepted_on_an_expired_token_even_before_the_timer_looks(packet: shapes.Packet) -> None:
    async def story(house: House) -> None:
        heard: list[bytes] = []
        house.broker.listen("#", lambda received: heard.append(received.payload))
        device = await house.device(lifetime=60_000)
        house.time.wall += 60_000
        device.say(packet)
        assert await device.farewell() == 0x87
        assert heard == []

    live(story)


def test_what_is_sent_to_a_device_with_an_expired_token_waits_for_its_next_connection() -> None:
    async def story(house: House) -> None:
        device = await house.device(lifetime=60_000, session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        house.time.wall += 60_000
        assert house.broker.publish("v1/tv/dn/cm/x/1", b"", 1) == 1
        assert await device.farewell() == 0x87
        device = await house.device(session_expiry_interval=600, clean=False)
        assert (await device.message()).topic == "v1/tv/dn/cm/x/1"

    live(story)


def test_mq_06_auth_renews_the_session_while_messages_flow() -> None:
    async def story(house: House) -> None:
        device = await house.device(lifetime=60_000, by_method=True)
        await device.subscribe("v1/tv/dn/#")
        house.keeper.gate = asyncio.Event()
        device.say(renewal(b"tv:600000:s1"))
        await house.until(lambda: house.keeper.at_once == 1)
        for number in range(5):
            house.broker.publish(f"v1/tv/dn/rs/{number}", b"", 1)
            assert (await device.message()).topic == f"v1/tv/dn/rs/{number}"
            assert await device.publish(f"v1/tv/up/tm/{number}") == 0x10
        house.keeper.gate.set()
        answer = await device.hear()
        assert isinstance(answer, shapes.Auth)
        assert (answer.reason_code, answer.properties.authentication_method) == (0, METHOD)
        house.later(500_000)
        house.broker.publish("v1/tv/dn/rs/9", b"", 1)
        house.time.up -= 500_000  # the keep-alive is not what is tested here
        assert house.broker.counters.renewed == 1

    live(story)


def test_a_renewed_session_outlives_its_first_token_and_ends_with_its_second() -> None:
    async def story(house: House) -> None:
        tokens: list[str] = []
        house.broker.listen("#", lambda received: tokens.append(received.token))
        device = await house.device(lifetime=60_000, by_method=True, keep_alive=300)
        device.say(renewal(b"tv:120000:s1"))
        await device.hears(shapes.Auth)
        house.later(60_000)
        assert await device.publish("v1/tv/up/tm/a") == 0
        assert tokens == ["tv:120000:s1"]
        house.later(60_000)
        assert await device.farewell() == 0x87

    live(story)


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (renewal(b"radio:60000:s1"), 0x87),
        (renewal(b"wrong"), 0x87),
        (renewal(b"tv:0:s1"), 0x87),
        (renewal(None), 0x87),
        (renewal(b"tv:60000:s1", method="SCRAM-SHA-1"), 0x82),
        (renewal(b"tv:60000:s1", code=0x18), 0x82),
    ],
)
def test_a_renewal_that_proves_nothing_ends_the_connection(packet: shapes.Auth, reason: int) -> None:
    async def story(house: House) -> None:
        device = await house.device(by_method=True)
        device.say(packet)
        assert await device.farewell() == reason

    live(story)


def test_a_renewal_that_cannot_be_checked_now_says_busy_and_not_that_the_token_is_bad() -> None:
    async def story(house: House) -> None:
        device = await house.device(by_method=True)
        house.keeper.fails = True
        device.say(renewal(b"tv:60000:s1"))
        assert await device.farewell() == 0x89

    live(story)


def test_auth_without_a_method_at_connect_is_a_protocol_error() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        device.say(renewal(b"tv:60000:s1"))
        assert await device.farewell() == 0x82

    live(story)


def test_a_second_renewal_before_the_first_is_answered_is_a_protocol_error() -> None:
    async def story(house: House) -> None:
        device = await house.device(by_method=True)
        house.keeper.gate = asyncio.Event()
        device.say(renewal(b"tv:60000:s1"))
        device.say(renewal(b"tv:60000:s1"))
        assert await device.farewell() == 0x82
        await house.until(lambda: house.keeper.at_once == 0)

    live(story)


async def renewed(house: House, device_id: str, lifetime: int, subscribe: tuple[str, ...] = ("v1/tv/dn/#",)) -> bool:
    admission = Admission(device_id, house.time.wall + lifetime, ("v1/tv/up/#",), subscribe, "newer", "s1")
    return await house.broker.renew("tv", admission)


def test_the_house_renews_for_clients_that_have_no_auth_packet() -> None:
    async def story(house: House) -> None:
        tokens: list[str] = []
        house.broker.listen("#", lambda received: tokens.append(received.token))
        assert not await renewed(house, "tv", 60_000)
        device = await house.device(lifetime=60_000, keep_alive=300)
        assert await renewed(house, "tv", 120_000)
        assert not await renewed(house, "radio", 120_000)
        house.later(60_000)
        assert await device.publish("v1/tv/up/tm/a") == 0
        assert tokens == ["newer"]
        house.later(60_000)
        assert await device.farewell() == 0x87

    live(story)


def test_a_renewal_with_narrower_rights_ends_the_subscriptions_beyond_them() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        await device.subscribe("v1/tv/dn/#", "v1/tv/dn/rs/+")
        assert await renewed(house, "tv", 60_000, ("v1/tv/dn/rs/#",))
        assert house.broker.publish("v1/tv/dn/cm/x/1", b"", 1) == 0
        assert house.broker.publish("v1/tv/dn/rs/1", b"", 1) == 1
        assert (await device.message()).topic == "v1/tv/dn/rs/1"

    live(story)


async def pair(house: House) -> tuple[Device, Device]:
    return await house.device("tv", tie="alices"), await house.device("radio", tie="alices")


def test_closing_a_sign_in_closes_all_its_devices_and_no_other() -> None:
    async def story(house: House) -> None:
        tv, radio = await pair(house)
        lamp = await house.device("lamp", tie="bobs")
        assert await house.broker.close("alices", 0x87) == 2
        assert await tv.farewell() == await radio.farewell() == 0x87
        assert await lamp.is_silent()

    live(story)


def test_closing_ends_sessions_of_devices_that_are_away_and_their_queues() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        device.vanish()
        await house.until(lambda: not house.broker.is_connected("tv"))
        house.broker.publish("v1/tv/dn/cm/x/1", b"", 1)
        assert await house.broker.close("s1", 0x87) == 1
        device = await house.device(session_expiry_interval=600, clean=False)
        assert not device.present  # type: ignore[attr-defined]
        assert await device.is_silent()

    live(story)


def test_a_wall_clock_that_jumps_back_or_forward_touches_tokens_alone() -> None:
    async def story(house: House) -> None:
        device = await house.device(lifetime=60_000, keep_alive=10)
        house.time.wall -= 10_000_000
        house.broker.tick()
        assert await device.is_silent()
        house.time.wall += 10_000_000 + 59_999
        house.broker.tick()
        assert await device.is_silent()
        house.time.wall += 1
        house.broker.tick()
        assert await device.farewell() == 0x87

    live(story)
