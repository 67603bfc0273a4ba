"""Messages from one to another: rights, calls and answers, properties, subscriptions and their options."""

import pytest

from device_agent.mqtt import topics
from device_agent.mqtt.packets import reasons, shapes
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Publish, Subscription
from server.broker.limits import Limits
from server.broker.port import Received
from tests.broker.house import House, live


def test_a_call_is_heard_in_the_house_and_answered_on_the_devices_own_topic() -> None:
    async def story(house: House) -> None:
        def answer(call: Received) -> None:
            assert (call.device_id, call.token) == ("tv", "tv:3600000:s1")
            assert call.response_topic is not None
            said = Properties(correlation_data=call.correlation_data)
            assert house.broker.publish(call.response_topic, b"hello " + call.payload, 1, properties=said) == 1

        house.broker.listen(topics.CALLS, answer)
        device = await house.device()
        await device.subscribe(topics.replies("tv"))
        said = Properties(response_topic=topics.reply("tv", "7"), correlation_data=b"\0\xff")
        device.say(Publish(topics.request("tv", "me", "7"), b"tv", 1, packet_id=1, properties=said))
        first, second = await device.hear(), await device.hear()
        reply = first if isinstance(first, Publish) else second
        assert isinstance(reply, Publish)
        assert (reply.topic, reply.payload, reply.qos) == ("v1/tv/dn/rs/7", b"hello tv", 1)
        assert reply.properties.correlation_data == b"\0\xff"

    live(story)


@pytest.mark.parametrize(
    ("topic", "response_topic", "reason"),
    [
        ("v1/tv/up/tm/heat", None, 0x10),
        ("v1/radio/up/tm/heat", None, 0x87),
        ("v1/tv2/up/tm/heat", None, 0x87),
        ("v1/tv/dn/rs/1", None, 0x87),
        ("v1/tv", None, 0x87),
        ("$SYS/broker", None, 0x87),
        ("$share/g/v1/tv/up/x", None, 0x87),
        ("v1/tv/up/rq/me/1", "v1/tv/dn/rs/1", 0x10),
        ("v1/tv/up/rq/me/1", "v1/radio/dn/rs/1", 0x87),
        ("v1/tv/up/rq/me/1", "v1/tv/up/rq/me/2", 0x87),
        ("v1/tv/up/rq/me/1", "v1/tv2/dn/rs/1", 0x87),
        ("v1/tv/up/" + "x" * 600, None, 0x90),
        ("v1/tv/up" + "/x" * 20, None, 0x90),
    ],
)
def test_mq_05_a_device_publishes_on_its_own_branch_alone(topic: str, response_topic: str | None, reason: int) -> None:
    async def story(house: House) -> None:
        heard: list[Received] = []
        device = await house.device()
        assert await device.publish(topic, response_topic=response_topic) == reason
        house.broker.listen("#", lambda received: heard.append(received))
        if reason >= 0x80:
            await device.publish(topic, qos=0, response_topic=response_topic)
            assert await device.farewell() == reason
            assert heard == []
        else:
            await device.publish(topic, qos=0, response_topic=response_topic)
            assert await device.is_silent()
            assert len(heard) == 1

    live(story)


def test_mq_04_each_filter_is_granted_or_refused_by_itself() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        asked = [
            "v1/tv/dn/#",
            "v1/tv/dn/rs/+",
            "v1/tv/#",
            "#",
            "v1/+/dn/#",
            "v1/tv2/dn/#",
            "$SYS/#",
            "$share/g/v1/tv/dn/cm/#",
        ]
        assert await device.subscribe(*asked) == [1, 1, 0x87, 0x87, 0x87, 0x87, 0x87, 1]
        assert await device.subscribe("$share/g/#", "v1/tv/dn/" + "x" * 600) == [0x87, 0x8F]

    live(story)


def test_another_devices_messages_never_arrive() -> None:
    async def story(house: House) -> None:
        tv, radio = await house.device("tv"), await house.device("radio")
        await tv.subscribe("v1/tv/dn/#")
        await radio.subscribe("v1/radio/dn/#")
        assert house.broker.publish("v1/radio/dn/cm/play/1", b"x", 1) == 1
        assert (await radio.message()).topic == "v1/radio/dn/cm/play/1"
        assert await tv.is_silent()

    live(story)


def test_qos_2_is_refused_as_announced_and_a_subscription_to_it_is_granted_qos_1() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        assert await device.subscribe(Subscription("v1/tv/dn/#", 2)) == [1]
        device.say(Publish("v1/tv/up/tm/a", b"", 2, packet_id=1))
        assert await device.farewell() == reasons.QOS_NOT_SUPPORTED

    live(story)


def test_every_property_of_a_message_passes_unchanged() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        await device.subscribe("v1/tv/dn/#")
        said = Properties(
            payload_format_indicator=1,
            content_type="application/json",
            response_topic="v1/tv/up/cr/1",
            correlation_data=b"\0",
            user_properties=(("a", "1"), ("a", "2")),
            message_expiry_interval=60,
        )
        house.broker.publish("v1/tv/dn/cm/x/1", b"{}", 1, properties=said)
        assert (await device.message()).properties == said

    live(story)


def test_overlapping_subscriptions_give_one_copy_with_the_highest_qos_and_all_identifiers() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        await device.subscribe(Subscription("v1/tv/dn/#", 0), properties=Properties(subscription_identifiers=(5,)))
        await device.subscribe(Subscription("v1/tv/dn/+/+", 1), properties=Properties(subscription_identifiers=(700,)))
        await device.subscribe(Subscription("v1/tv/dn/rs/1", 0))
        house.broker.publish("v1/tv/dn/rs/1", b"x", 1)
        message = await device.message()
        assert message.qos == 1
        assert sorted(message.properties.subscription_identifiers) == [5, 700]
        assert await device.is_silent()

    live(story)


def test_a_subscription_is_replaced_by_one_to_the_same_filter_and_ends_with_unsubscribe() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        await device.subscribe(Subscription("v1/tv/dn/#", 1))
        await device.subscribe(Subscription("v1/tv/dn/#", 0))
        house.broker.publish("v1/tv/dn/rs/1", b"x", 1)
        assert (await device.message()).qos == 0
        device.say(shapes.Unsubscribe(3, ["v1/tv/dn/#", "v1/tv/dn/other"]))
        answer = await device.hear()
        assert isinstance(answer, shapes.UnsubAck)
        assert answer.reason_codes == [0, 0x11]
        assert house.broker.publish("v1/tv/dn/rs/1", b"x", 1) == 0
        assert await device.is_silent()

    live(story)


def test_no_local_spares_a_device_its_own_messages() -> None:
    async def story(house: House) -> None:
        console = await house.device("console")
        await console.subscribe(Subscription("v1/+/up/#", 1, no_local=True))
        tv = await house.device("tv")
        assert await tv.publish("v1/tv/up/tm/a") == 0
        assert (await console.message()).topic == "v1/tv/up/tm/a"
        assert await console.publish("v1/x/up/tm/a") == 0x10
        assert await console.is_silent()

    live(story)


def test_a_message_that_is_too_large_for_the_receiver_is_dropped_and_the_next_arrives() -> None:
    async def story(house: House) -> None:
        device = await house.device(maximum_packet_size=100)
        await device.subscribe("v1/tv/dn/#")
        house.broker.publish("v1/tv/dn/rs/1", b"x" * 200, 1)
        house.broker.publish("v1/tv/dn/rs/2", b"x", 1)
        assert (await device.message()).topic == "v1/tv/dn/rs/2"
        assert house.broker.counters.messages_dropped == 1

    live(story)


def test_the_receivers_maximum_of_unacknowledged_messages_is_kept() -> None:
    async def story(house: House) -> None:
        device = await house.device(receive_maximum=2)
        await device.subscribe("v1/tv/dn/#")
        for number in range(5):
            house.broker.publish(f"v1/tv/dn/rs/{number}", b"x", 1)
        first, second = await device.hears(Publish), await device.hears(Publish)
        assert await device.is_silent()
        assert isinstance(first, Publish)
        device.say(shapes.PubAck(first.packet_id))
        third = await device.hears(Publish)
        assert await device.is_silent()
        for packet in (second, third):
            assert isinstance(packet, Publish)
            device.say(shapes.PubAck(packet.packet_id))
        assert [(await device.message()).topic for _ in range(2)] == ["v1/tv/dn/rs/3", "v1/tv/dn/rs/4"]

    live(story)


def test_a_topic_alias_stands_for_its_topic_within_the_announced_maximum() -> None:
    async def story(house: House) -> None:
        heard: list[str] = []
        house.broker.listen("#", lambda received: heard.append(received.topic))
        device = await house.device()
        await device.publish("v1/tv/up/tm/a", topic_alias=16)
        await device.publish("", topic_alias=16)
        await device.publish("v1/tv/up/tm/b", topic_alias=16)
        await device.publish("", topic_alias=16)
        assert heard == ["v1/tv/up/tm/a", "v1/tv/up/tm/a", "v1/tv/up/tm/b", "v1/tv/up/tm/b"]
        device.say(Publish("v1/tv/up/tm/c", properties=Properties(topic_alias=17)))
        assert await device.farewell() == reasons.TOPIC_ALIAS_INVALID

    live(story)


@pytest.mark.parametrize("topic", ["v1/radio/up/tm/a", "v1/tv/up/" + "x" * 5000])
def test_a_topic_alias_cannot_smuggle_a_topic(topic: str) -> None:
    async def story(house: House) -> None:
        device = await house.device()
        assert await device.publish(topic, topic_alias=1) >= 0x80
        assert await device.publish("", topic_alias=1) >= 0x80

    live(story)


def test_an_alias_without_a_topic_is_a_protocol_error() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        device.say(Publish("", properties=Properties(topic_alias=3)))
        assert await device.farewell() == 0x82

    live(story)


def test_a_listener_can_refuse_and_one_that_fails_is_not_felt_by_the_device(caplog: pytest.LogCaptureFixture) -> None:
    async def story(house: House) -> None:
        def broken(received: Received) -> int:
            raise RuntimeError("secret words")

        house.broker.listen("v1/+/up/tm/full", lambda received: reasons.QUOTA_EXCEEDED)
        house.broker.listen("v1/+/up/tm/broken", broken)
        device = await house.device()
        assert await device.publish("v1/tv/up/tm/full") == reasons.QUOTA_EXCEEDED
        assert await device.publish("v1/tv/up/tm/broken") == reasons.IMPLEMENTATION_SPECIFIC_ERROR
        assert await device.is_silent()
        assert "RuntimeError" in caplog.text
        assert "secret words" not in caplog.text

    live(story)


def test_a_listener_that_has_ended_hears_nothing_more() -> None:
    async def story(house: House) -> None:
        heard: list[str] = []
        stop = house.broker.listen("v1/+/up/#", lambda received: heard.append(received.topic))
        device = await house.device()
        assert await device.publish("v1/tv/up/tm/a") == 0
        stop()
        assert await device.publish("v1/tv/up/tm/a") == 0x10
        assert heard == ["v1/tv/up/tm/a"]

    live(story)


@pytest.mark.parametrize(("topic", "qos"), [("", 0), ("a/+", 0), ("a/#", 1), ("a", 2)])
def test_the_house_itself_cannot_publish_what_mqtt_does_not_allow(topic: str, qos: int) -> None:
    async def story(house: House) -> None:
        with pytest.raises(ValueError, match="wildcards"):
            house.broker.publish(topic, b"", qos)
        with pytest.raises(ValueError, match="filter"):
            house.broker.listen("a/#/b", lambda received: None)

    live(story)


def test_subscriptions_beyond_the_bound_are_refused_but_known_ones_can_change() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        assert await device.subscribe("v1/tv/dn/a", "v1/tv/dn/b", "v1/tv/dn/c") == [1, 1, 0x97]
        assert await device.subscribe(Subscription("v1/tv/dn/a", 0)) == [0]

    live(story, Limits(subscriptions=2))


def test_a_message_sent_twice_with_dup_is_taken_again_and_acknowledged() -> None:
    async def story(house: House) -> None:
        heard: list[bytes] = []
        house.broker.listen("#", lambda received: heard.append(received.payload))
        device = await house.device()
        for is_again in (False, True):
            device.say(Publish("v1/tv/up/tm/a", b"1", 1, packet_id=9, dup=is_again))
            assert await device.hear() == shapes.PubAck(9)
        assert heard == [b"1", b"1"]

    live(story)


def test_a_thousand_messages_in_one_breath_arrive_in_order() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        await device.subscribe("v1/tv/dn/#")
        for number in range(300):
            house.broker.publish("v1/tv/dn/rs/1", b"%d" % number, 1)
        assert [(await device.message()).payload for _ in range(300)] == [b"%d" % number for number in range(300)]

    live(story, Limits(queue_messages=1000))
