"""Shared subscriptions: each message to one of those who share (MQTT 5 section 4.8.2)."""

from collections import Counter

from device_agent.mqtt.packets.shapes import Subscription
from tests.broker.house import House, live


def test_several_servers_share_the_calls_evenly_and_each_call_reaches_one() -> None:
    async def story(house: House) -> None:
        got: Counter[str] = Counter()
        for name in ("a", "b"):
            house.broker.listen("$share/api/v1/+/up/rq/#", lambda received, name=name: got.update([name]))
        device = await house.device()
        for number in range(10):
            assert await device.publish(f"v1/tv/up/rq/me/{number}") == 0
        assert got == {"a": 5, "b": 5}

    live(story)


def test_two_share_names_get_a_copy_each_and_so_does_an_ordinary_subscription() -> None:
    async def story(house: House) -> None:
        got: Counter[str] = Counter()
        for topic_filter in ("$share/a/v1/+/up/#", "$share/b/v1/+/up/#", "v1/+/up/#"):
            house.broker.listen(topic_filter, lambda received, name=topic_filter: got.update([name]))
        device = await house.device()
        await device.publish("v1/tv/up/tm/x")
        assert set(got.values()) == {1}
        assert len(got) == 3

    live(story)


def test_a_member_who_refuses_or_is_away_passes_it_on() -> None:
    async def story(house: House) -> None:
        got: list[str] = []
        house.broker.listen("$share/g/v1/tv/dn/#", lambda received: 0x97)
        device = await house.device(session_expiry_interval=60)
        await device.subscribe("$share/g/v1/tv/dn/#")
        for number in range(4):
            assert house.broker.publish(f"v1/tv/dn/rs/{number}", b"", 1) == 1
        for _ in range(4):
            got.append((await device.message()).topic)
        assert len(got) == 4
        device.vanish()
        await house.until(lambda: not house.broker.is_connected("tv"))
        other: list[str] = []
        house.broker.listen("$share/g/v1/tv/dn/#", lambda received: other.append(received.topic))
        for number in range(4):
            house.broker.publish(f"v1/tv/dn/rs/{number}", b"", 1)
        assert len(other) == 4

    live(story)


def test_retained_messages_are_not_sent_to_a_shared_subscription() -> None:
    async def story(house: House) -> None:
        house.broker.publish("v1/tv/dn/ds", b"{}", 1, retain=True)
        device = await house.device()
        await device.subscribe("$share/g/v1/tv/dn/#")
        assert await device.is_silent()

    live(story)


def test_a_share_ends_with_its_last_member() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        await device.subscribe(Subscription("$share/g/v1/tv/dn/#", 1))
        await device.leave()
        await house.until(lambda: not house.broker.is_connected("tv"))
        assert house.broker.publish("v1/tv/dn/rs/1", b"", 1) == 0

    live(story)
