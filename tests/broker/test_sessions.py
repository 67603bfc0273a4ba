"""Sessions that outlive their connection: the queue of somebody away, resuming, taking over, ending."""

import pytest

from device_agent.mqtt.packets import shapes
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Connect, Publish
from server.broker.limits import Limits
from tests.broker.house import Device, House, live


async def gone(house: House, device: Device, device_id: str = "tv") -> None:
    device.vanish()
    await house.until(lambda: not house.broker.is_connected(device_id))


def test_commands_wait_for_a_device_that_is_away_and_arrive_in_order() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        await gone(house, device)
        for number in range(3):
            assert house.broker.publish(f"v1/tv/dn/cm/x/{number}", b"", 1) == 1
        assert house.broker.publish("v1/tv/dn/cm/x/lost", b"", 0) == 0
        device = await house.device(session_expiry_interval=600, clean=False)
        assert device.present  # type: ignore[attr-defined]
        assert [(await device.message()).topic[-1] for _ in range(3)] == ["0", "1", "2"]
        assert await device.is_silent()

    live(story)


def test_a_message_not_acknowledged_comes_again_marked_and_under_the_same_identifier() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        for number in range(3):
            house.broker.publish(f"v1/tv/dn/cm/x/{number}", b"", 1)
        before = [await device.hears(Publish) for _ in range(3)]
        device.say(shapes.PubAck(before[0].packet_id))  # type: ignore[attr-defined]
        assert await device.is_silent()
        await gone(house, device)
        device = await house.device(session_expiry_interval=600, clean=False, receive_maximum=1)
        house.broker.publish("v1/tv/dn/cm/x/3", b"", 1)
        again = [await device.message() for _ in range(3)]
        assert [(packet.topic[-1], packet.dup) for packet in again] == [("1", True), ("2", True), ("3", False)]
        assert [packet.packet_id for packet in again[:2]] == [packet.packet_id for packet in before[1:]]  # type: ignore[attr-defined]

    live(story)


def test_a_session_without_expiry_ends_with_its_connection() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        await device.subscribe("v1/tv/dn/#")
        await gone(house, device)
        assert house.broker.publish("v1/tv/dn/cm/x/1", b"", 1) == 0
        device = await house.device(clean=False)
        assert not device.present  # type: ignore[attr-defined]

    live(story)


def test_a_session_ends_when_its_time_is_over() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=60)
        await device.subscribe("v1/tv/dn/#")
        await gone(house, device)
        house.later(59_999)
        assert house.broker.publish("v1/tv/dn/cm/x/1", b"", 1) == 1
        house.later(1)
        assert house.broker.publish("v1/tv/dn/cm/x/1", b"", 1) == 0

    live(story)


def test_clean_start_forgets_the_session() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        await gone(house, device)
        house.broker.publish("v1/tv/dn/cm/x/1", b"", 1)
        device = await house.device(session_expiry_interval=600, clean=True)
        assert not device.present  # type: ignore[attr-defined]
        assert await device.is_silent()

    live(story)


def test_disconnect_can_end_a_session_or_shorten_it_but_not_make_one() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        await device.leave(properties=Properties(session_expiry_interval=0))
        assert house.broker.publish("v1/tv/dn/cm/x/1", b"", 1) == 0
        device = await house.device()
        device.say(shapes.Disconnect(0, Properties(session_expiry_interval=9)))
        assert await device.farewell() == 0x82

    live(story)


def test_mq_07_a_session_is_resumed_only_with_a_valid_token() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        await gone(house, device)
        house.broker.publish("v1/tv/dn/cm/x/1", b"", 1)
        for token in (None, b"wrong", b"tv:0:s1", b"radio:1000:s1"):
            _, answer = await house.connack(Connect("tv", "tv", token, clean_start=False))
            assert answer.reason_code >= 0x80
            assert not answer.session_present
        device = await house.device(session_expiry_interval=600, clean=False)
        assert (await device.message()).topic == "v1/tv/dn/cm/x/1"

    live(story)


def test_what_waited_for_one_sign_in_is_not_for_the_next() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600, tie="alices")
        await device.subscribe("v1/tv/dn/#")
        await gone(house, device)
        house.broker.publish("v1/tv/dn/cm/x/1", b"for alice", 1)
        device = await house.device(session_expiry_interval=600, tie="bobs", clean=False)
        assert not device.present  # type: ignore[attr-defined]
        assert await device.is_silent()

    live(story)


def test_a_second_connection_takes_over_and_the_first_hears_so() -> None:
    async def story(house: House) -> None:
        first = await house.device(session_expiry_interval=600)
        await first.subscribe("v1/tv/dn/#")
        second = await house.device(session_expiry_interval=600, clean=False)
        assert second.present  # type: ignore[attr-defined]
        assert await first.farewell() == 0x8E
        house.broker.publish("v1/tv/dn/cm/x/1", b"", 1)
        assert (await second.message()).topic == "v1/tv/dn/cm/x/1"
        assert house.broker.counters.taken_over == 1

    live(story)


def test_an_intruder_cannot_touch_a_session_by_its_client_id() -> None:
    async def story(house: House) -> None:
        victim = await house.device(session_expiry_interval=600)
        await victim.subscribe("v1/tv/dn/#")
        for token in (None, b"wrong", b"radio:60000:s2"):
            will = shapes.Will("v1/tv/up/st", b"gone")
            _, answer = await house.connack(Connect("tv", "tv", token, will=will))
            assert answer.reason_code in (0x85, 0x87)
        assert await victim.is_silent()
        house.broker.publish("v1/tv/dn/cm/x/1", b"", 1)
        assert (await victim.message()).topic == "v1/tv/dn/cm/x/1"

    live(story)


@pytest.mark.parametrize("limits", [Limits(queue_messages=3), Limits(queue_bytes=3 * 350)])
def test_the_queue_of_somebody_away_is_bounded(limits: Limits) -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        await gone(house, device)
        took = [house.broker.publish(f"v1/tv/dn/cm/x/{number}", b"x" * 50, 1) for number in range(6)]
        assert took == [1, 1, 1, 0, 0, 0]
        assert house.broker.counters.messages_dropped == 3
        device = await house.device(session_expiry_interval=600, clean=False)
        assert [(await device.message()).topic[-1] for _ in range(3)] == ["0", "1", "2"]

    live(story, limits)


def test_the_longest_away_make_room_when_too_many_are() -> None:
    async def story(house: House) -> None:
        for name in ("a", "b", "c"):
            device = await house.device(name, session_expiry_interval=600)
            await device.subscribe(f"v1/{name}/dn/#")
            await gone(house, device, name)
        took = [house.broker.publish(f"v1/{name}/dn/cm/x/1", b"", 1) for name in ("a", "b", "c")]
        assert took == [0, 1, 1]

    live(story, Limits(sessions_away=2))


def test_a_message_expires_while_it_waits_and_counts_down_when_it_does_not() -> None:
    async def story(house: House) -> None:
        device = await house.device(session_expiry_interval=600)
        await device.subscribe("v1/tv/dn/#")
        await gone(house, device)
        house.broker.publish("v1/tv/dn/cm/x/1", b"", 1, properties=Properties(message_expiry_interval=10))
        house.broker.publish("v1/tv/dn/cm/x/2", b"", 1, properties=Properties(message_expiry_interval=30))
        house.later(10_000)
        device = await house.device(session_expiry_interval=600, clean=False)
        message = await device.message()
        assert (message.topic, message.properties.message_expiry_interval) == ("v1/tv/dn/cm/x/2", 20)
        assert await device.is_silent()

    live(story)
