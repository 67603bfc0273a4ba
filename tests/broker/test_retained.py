"""Retained messages: the last word on a topic, for whoever comes later; bounded and expiring."""

import pytest

from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Subscription
from server.broker.limits import Limits
from server.broker.retained import RetainedFull
from tests.broker.house import House, live


def test_a_newcomer_hears_the_last_word_marked_as_retained_and_followers_hear_it_plain() -> None:
    async def story(house: House) -> None:
        early = await house.device("console")
        await early.subscribe("v1/+/dn/ds")
        for number in (b"1", b"2"):
            house.broker.publish("v1/tv/dn/ds", number, 1, retain=True)
            message = await early.message()
            assert (message.payload, message.retain) == (number, False)
        late = await house.device("tv")
        await late.subscribe("v1/tv/dn/#")
        message = await late.message()
        assert (message.payload, message.retain, message.qos) == (b"2", True, 1)
        assert await late.is_silent()

    live(story)


@pytest.mark.parametrize("topic_filter", ["v1/tv/dn/ds", "v1/tv/dn/#", "v1/tv/dn/+", "v1/tv/dn/ds/#"])
def test_any_filter_that_takes_in_the_topic_finds_it(topic_filter: str) -> None:
    async def story(house: House) -> None:
        house.broker.publish("v1/tv/dn/ds", b"x", 1, retain=True)
        house.broker.publish("v1/tv2/dn/ds", b"y", 1, retain=True)
        house.broker.publish("$SYS/x", b"z", 1, retain=True)
        device = await house.device()
        await device.subscribe(topic_filter)
        assert (await device.message()).payload == b"x"
        assert await device.is_silent()

    live(story)


def test_a_wildcard_at_the_first_level_does_not_see_what_begins_with_a_dollar() -> None:
    async def story(house: House) -> None:
        house.broker.publish("$SYS/x", b"hidden", 1, retain=True)
        house.broker.publish("a/$b", b"seen", 1, retain=True)
        console = await house.device("console")
        await console.subscribe("#")
        assert (await console.message()).payload == b"seen"
        house.broker.publish("$SYS/y", b"hidden", 1)
        assert await console.is_silent()

    live(story)


def test_an_empty_payload_forgets_the_topic() -> None:
    async def story(house: House) -> None:
        house.broker.publish("v1/tv/dn/ds", b"x", 1, retain=True)
        house.broker.publish("v1/tv/dn/ds", b"", 1, retain=True)
        assert house.broker.retained == 0
        device = await house.device()
        await device.subscribe("v1/tv/dn/#")
        assert await device.is_silent()

    live(story)


def test_retain_handling_and_retain_as_published_are_obeyed() -> None:
    async def story(house: House) -> None:
        house.broker.publish("v1/tv/dn/ds", b"x", 1, retain=True)
        device = await house.device()
        await device.subscribe(Subscription("v1/tv/dn/ds", 1, retain_handling=2))
        assert await device.is_silent()
        await device.subscribe(Subscription("v1/tv/dn/ds", 1, retain_handling=1))
        assert await device.is_silent()  # the subscription stood already
        await device.subscribe(Subscription("v1/tv/dn/+", 0, retain_handling=1, retain_as_published=True))
        message = await device.message()
        assert (message.retain, message.qos) == (True, 0)
        house.broker.publish("v1/tv/dn/other", b"y", 0, retain=True)
        assert (await device.message()).retain

    live(story)


def test_a_retained_message_dies_with_its_expiry_and_counts_down() -> None:
    async def story(house: House) -> None:
        house.broker.publish("v1/tv/dn/ds", b"x", 1, retain=True, properties=Properties(message_expiry_interval=60))
        house.later(20_500)
        device = await house.device()
        await device.subscribe("v1/tv/dn/#")
        assert (await device.message()).properties.message_expiry_interval == 40
        house.later(39_500)
        assert house.broker.retained == 0
        await device.subscribe("v1/tv/dn/#")
        assert await device.is_silent()

    live(story)


def test_one_device_can_retain_only_so_much() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        codes = [await device.publish(f"v1/tv/up/tm/{number}", retain=True) for number in range(4)]
        assert codes == [0x10, 0x10, 0x97, 0x97]
        assert await device.publish("v1/tv/up/tm/1", b"new", retain=True) == 0x10
        assert await device.publish("v1/tv/up/tm/9", qos=0, retain=True) == 0
        assert await device.is_silent()
        assert house.broker.retained == 2
        assert await device.publish("v1/tv/up/tm/0", b"", retain=True) == 0x10
        assert await device.publish("v1/tv/up/tm/2", retain=True) == 0x10

    live(story, Limits(retained_each=2))


@pytest.mark.parametrize("limits", [Limits(retained_messages=2), Limits(retained_bytes=700)])
def test_the_house_is_told_when_there_is_no_room_at_all(limits: Limits) -> None:
    async def story(house: House) -> None:
        for qos in (0, 1):
            house.broker.publish(f"v1/tv{qos}/dn/ds", b"x", qos, retain=True)
        for qos in (0, 1):
            with pytest.raises(RetainedFull, match="2 messages"):
                house.broker.publish(f"v1/radio{qos}/dn/ds", b"x", qos, retain=True)
        house.broker.publish("v1/tv0/dn/ds", b"y", 1, retain=True)

    live(story, limits)


def test_more_retained_messages_than_the_queue_holds_all_reach_a_newcomer() -> None:
    async def story(house: House) -> None:
        for number in range(50):
            house.broker.publish(f"v1/d{number}/up/st", b"on", 1, retain=True)
        console = await house.device("console", receive_maximum=3)
        await console.subscribe("v1/+/up/st")
        assert len({(await console.message()).topic for _ in range(50)}) == 50

    live(story, Limits(queue_messages=5))


@pytest.mark.parametrize(("lifetime", "expiry", "lives_for"), [(60_000, 30, 30_000), (60_000, 90, 60_000)])
def test_mq_07_a_retained_message_ends_with_its_expiry_or_its_token_whichever_is_first(
    lifetime: int, expiry: int, lives_for: int
) -> None:
    async def story(house: House) -> None:
        device = await house.device(lifetime=lifetime, keep_alive=300)
        await device.publish("v1/tv/up/rp", b"state", retain=True, message_expiry_interval=expiry)
        house.later(lives_for - 1)
        assert house.broker.retained == 1
        house.later(1)
        assert house.broker.retained == 0

    live(story)


def test_mq_07_a_later_sign_in_of_the_same_device_does_not_carry_on_what_the_earlier_one_left() -> None:
    async def story(house: House) -> None:
        device = await house.device(lifetime=60_000)
        await device.publish("v1/tv/up/rp", b"state", retain=True)
        await device.leave()
        await house.device(lifetime=600_000, tie="s2")
        house.later(60_000)
        assert house.broker.retained == 0

    live(story)
