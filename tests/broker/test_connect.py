"""Who is let in, under which terms, and what those hear who are not."""

import asyncio
import contextlib

import pytest

from device_agent.mqtt.packets import client, shapes
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Connect, Will
from server.broker.limits import Limits
from server.broker.port import METHOD
from tests.broker.house import House, live

TOKEN = b"tv:3600000:s1"


def test_a_device_with_a_token_as_password_is_let_in_and_told_the_terms() -> None:
    async def story(house: House) -> None:
        _, answer = await house.connack(Connect("tv", "tv", TOKEN, keep_alive=30))
        said = answer.properties
        assert (answer.reason_code, answer.session_present) == (0, False)
        assert said.maximum_qos == 1
        assert said.receive_maximum == 64
        assert said.maximum_packet_size == 131_072
        assert said.topic_alias_maximum == 16
        assert said.server_keep_alive is None
        assert said.session_expiry_interval is None
        assert said.assigned_client_identifier is None
        assert house.keeper.asked[0].peer == "127.0.0.1"

    live(story)


def test_a_token_as_authentication_data_is_as_good_and_the_method_is_echoed() -> None:
    async def story(house: House) -> None:
        said = Properties(authentication_method=METHOD, authentication_data=TOKEN)
        _, answer = await house.connack(Connect("tv", properties=said))
        assert answer.reason_code == 0
        assert answer.properties.authentication_method == METHOD

    live(story)


def test_an_empty_client_id_is_given_the_device_id() -> None:
    async def story(house: House) -> None:
        _, answer = await house.connack(Connect("", "tv", TOKEN))
        assert answer.properties.assigned_client_identifier == "tv"
        assert house.broker.is_connected("tv")

    live(story)


def test_wishes_beyond_the_bounds_are_cut_and_said_so() -> None:
    async def story(house: House) -> None:
        for keep_alive in (0, 60_000):
            said = Properties(session_expiry_interval=0xFFFF_FFFF)
            _, answer = await house.connack(Connect("tv", "tv", TOKEN, keep_alive=keep_alive, properties=said))
            assert answer.properties.server_keep_alive == 300
            assert answer.properties.session_expiry_interval == 86_400

    live(story)


@pytest.mark.parametrize(
    ("connect", "reason"),
    [
        (Connect("tv", "tv", b"wrong"), 0x87),
        (Connect("tv", "tv", b"\xff\xfe"), 0x87),
        (Connect("tv", "tv", b"tv:0:s1"), 0x87),  # expired at this very moment
        (Connect("tv"), 0x87),
        (Connect("tv", "tv"), 0x87),
        (Connect("radio", "tv", TOKEN), 0x85),
        (Connect("tv", properties=Properties(authentication_method="SCRAM-SHA-1", authentication_data=TOKEN)), 0x8C),
        (Connect("tv", "tv", TOKEN, properties=Properties(authentication_method="foo")), 0x8C),
        (Connect("tv", "tv", TOKEN, properties=Properties(authentication_method=METHOD)), 0x87),
        (Connect("tv", "tv", TOKEN, will=Will("v1/radio/up/st")), 0x87),
        (Connect("tv", "tv", TOKEN, will=Will("v1/tv/dn/rs/1")), 0x87),
        (Connect("tv", "tv", TOKEN, will=Will("$SYS/x")), 0x87),
        (Connect("tv", "tv", TOKEN, will=Will("v1/tv/up/st", qos=2)), 0x9B),
        (Connect("tv", "tv", TOKEN, will=Will("v1/tv/up/" + "x" * 600)), 0x90),
        (
            Connect(
                "tv", "tv", TOKEN, will=Will("v1/tv/up/st", properties=Properties(response_topic="v1/radio/dn/rs/1"))
            ),
            0x87,
        ),
    ],
)
def test_whoever_may_not_enter_hears_why_and_is_closed(connect: Connect, reason: int) -> None:
    async def story(house: House) -> None:
        device, answer = await house.connack(connect)
        assert answer.reason_code == reason
        assert await device.is_closed()
        assert not house.broker.is_connected("tv")
        assert house.broker.counters.refused == 1

    live(story)


def test_mq_01_a_refusal_says_in_words_what_to_do() -> None:
    async def story(house: House) -> None:
        _, answer = await house.connack(Connect("radio", "tv", TOKEN))
        assert "client id must be the device id" in (answer.properties.reason_string or "")

    live(story)


@pytest.mark.parametrize("level", [3, 4])
def test_an_older_mqtt_is_told_so_in_its_own_words(level: int) -> None:
    async def story(house: House) -> None:
        name = b"\0\6MQIsdp" if level == 3 else b"\0\4MQTT"
        device = await house.call()
        body = name + bytes((level, 2, 0, 60)) + b"\0\2tv"
        device.say_raw(b"\x10" + bytes((len(body),)) + body)
        assert await device.reader.read() == b"\x20\x02\x00\x01"

    live(story)


def test_a_newer_mqtt_is_told_that_5_is_spoken() -> None:
    async def story(house: House) -> None:
        device = await house.call()
        device.say_raw(b"\x10\x0f\0\4MQTT\6\2\0\x3c\0\0\2tv")
        assert await device.reader.read() == b"\x20\x03\x00\x84\x00"

    live(story)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00",
        b"\xff" * 100,
        b"\x30\x05\x00\x01a\x00x",
        b"\xc0\x00",
        b"\x10\x0f\0\4HTTP\5\2\0\x3c\0\0\2tv",
        b"\x10\xff\xff\xff\x7f",
    ],
)
def test_garbage_is_closed_without_an_answer_and_counted(garbage: bytes) -> None:
    async def story(house: House) -> None:
        device = await house.call()
        device.say_raw(garbage)
        with contextlib.suppress(ConnectionError):
            assert await device.reader.read() == b""
        await house.until(lambda: house.broker.counters.connections == 0)
        assert house.broker.counters.garbage == 1
        assert house.keeper.asked == []

    live(story)


def test_a_connect_that_is_mqtt_5_but_broken_is_told_how() -> None:
    async def story(house: House) -> None:
        device = await house.call()
        device.say_raw(b"\x10\x0f\0\4MQTT\5\3\0\x3c\0\0\2tv")
        assert (await device.hear()).reason_code == 0x81  # type: ignore[attr-defined]

    live(story)


def test_a_connect_too_large_is_refused_before_it_has_arrived() -> None:
    async def story(house: House) -> None:
        device = await house.call()
        raw = client.encode(Connect("tv", "tv", b"x" * 40_000))
        device.say_raw(raw[:100])
        answer = await device.hear()
        assert isinstance(answer, shapes.ConnAck)
        assert answer.reason_code == 0x95
        assert house.keeper.asked == []

    live(story)


@pytest.mark.parametrize("said", [b"", b"\x10", b"\x10\x0f\0\4MQTT"])
def test_a_half_open_connection_is_closed_in_time(said: bytes) -> None:
    async def story(house: House) -> None:
        device = await house.call()
        device.say_raw(said)
        await house.until(
            lambda: house.broker.counters.bytes_in == len(said) and house.broker.counters.connections == 1
        )
        house.later(9_999)
        assert house.broker.counters.timed_out == 0
        house.later(1)
        assert await device.is_closed()
        assert house.broker.counters.timed_out == 1

    live(story)


def test_a_doorkeeper_that_never_answers_is_not_waited_for_for_ever() -> None:
    async def story(house: House) -> None:
        house.keeper.gate = asyncio.Event()
        device = await house.call()
        device.say(Connect("tv", "tv", TOKEN))
        await house.until(lambda: bool(house.keeper.asked))
        house.later(10_000)
        assert await device.is_closed()
        await house.until(lambda: house.keeper.at_once == 0)

    live(story)


def test_a_doorkeeper_that_fails_is_answered_with_server_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    async def story(house: House) -> None:
        house.keeper.fails = True
        _, answer = await house.connack(Connect("tv", "tv", TOKEN))
        assert answer.reason_code == 0x88
        assert "RuntimeError" in caplog.text
        assert "database" not in caplog.text

    live(story)


def test_a_storm_of_connects_is_checked_a_few_at_a_time_and_nobody_is_lost() -> None:
    async def story(house: House) -> None:
        house.keeper.gate = asyncio.Event()
        calls = [asyncio.create_task(house.device(f"d{number}")) for number in range(100)]
        await house.until(lambda: house.broker.counters.accepted == 100 and house.keeper.at_once == 4)
        house.keeper.gate.set()
        await asyncio.gather(*calls)
        assert house.keeper.most_at_once == 4
        assert house.broker.counters.admitted == 100

    live(story)


def test_a_storm_beyond_all_bounds_is_told_to_come_back() -> None:
    async def story(house: House) -> None:
        house.keeper.gate = asyncio.Event()
        for number in range(3):
            (await house.call()).say(Connect(f"d{number}", "x", TOKEN))
        await house.until(lambda: house.broker.counters.bytes_in > 0 and house.keeper.at_once == 1)
        await house.until(lambda: house.broker._door._waiting == 3)
        _, answer = await house.connack(Connect("tv", "tv", TOKEN))
        assert answer.reason_code == 0x89
        house.keeper.gate.set()

    live(story, Limits(admissions=1, admissions_waiting=3))


def test_connections_beyond_the_bound_are_closed_at_once() -> None:
    async def story(house: House) -> None:
        first = await house.device("tv")
        second = await house.call()
        assert await second.is_closed()
        assert await first.is_silent()

    live(story, Limits(connections=1))


def test_what_follows_connect_too_early_waits_for_success() -> None:
    async def story(house: House) -> None:
        heard: list[str] = []
        house.broker.listen("#", lambda received: heard.append(received.topic))
        house.keeper.gate = asyncio.Event()
        device = await house.call()
        device.say_raw(client.encode(Connect("tv", "tv", TOKEN)) + client.encode(shapes.Publish("v1/tv/up/tm/a", b"1")))
        await house.until(lambda: house.keeper.at_once == 1)
        device.say(shapes.Publish("v1/tv/up/tm/b", b"2"))
        assert heard == []
        house.keeper.gate.set()
        await device.hears(shapes.ConnAck)
        assert await device.is_silent()
        assert heard == ["v1/tv/up/tm/a", "v1/tv/up/tm/b"]

    live(story)


def test_mq_03_what_follows_a_refused_connect_is_never_looked_at() -> None:
    async def story(house: House) -> None:
        heard: list[str] = []
        house.broker.listen("#", lambda received: heard.append(received.topic))
        device = await house.call()
        device.say_raw(client.encode(Connect("tv", "tv", b"no")) + client.encode(shapes.Publish("v1/tv/up/tm/a", b"1")))
        assert (await device.hear()).reason_code == 0x87  # type: ignore[attr-defined]
        assert await device.is_closed()
        assert heard == []

    live(story)


def test_mq_08_with_a_method_nothing_may_follow_before_success() -> None:
    async def story(house: House) -> None:
        house.keeper.gate = asyncio.Event()
        device = await house.call()
        said = Properties(authentication_method=METHOD, authentication_data=TOKEN)
        device.say_raw(client.encode(Connect("tv", properties=said)) + client.encode(shapes.PingReq()))
        answer = await device.hear()
        assert isinstance(answer, shapes.ConnAck)
        assert answer.reason_code == 0x82
        assert await device.is_closed()
        await house.until(lambda: house.keeper.at_once == 0)
        assert not house.broker.is_connected("tv")

    live(story)


@pytest.mark.parametrize(
    "packet",
    [Connect("tv", "tv", TOKEN), shapes.PubRec(1), shapes.PubRel(1), shapes.PubComp(1)],
)
def test_a_packet_that_has_no_place_ends_the_connection_as_a_protocol_error(packet: shapes.Packet) -> None:
    async def story(house: House) -> None:
        device = await house.device()
        device.say(packet)
        assert await device.farewell() == 0x82
        assert house.broker.counters.protocol_errors == 1

    live(story)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x36\x07\x00\x01a\x00\x01\x00x", 0x81),
        (b"\x30\x08\x00\x01a\x03\x23\x00\x00x", 0x94),
        (b"\x30\xff\xff\x7f", 0x95),
        (b"\x82\x03\x00\x01\x00", 0x82),
        (b"\x00\x00", 0x82),
        (b"\xe0\x01\x8b", 0x82),
        (b"\xf0\x07\x19\x05\x15\x00\x02me", 0x82),
    ],
)
def test_a_broken_packet_ends_the_connection_with_its_reason(raw: bytes, reason: int) -> None:
    async def story(house: House) -> None:
        device = await house.device()
        device.say_raw(raw)
        assert await device.farewell() == reason

    live(story)


def test_silence_beyond_one_and_a_half_keep_alives_ends_the_connection() -> None:
    async def story(house: House) -> None:
        device = await house.device(keep_alive=10)
        house.later(14_000)
        assert await device.is_silent()
        house.later(14_999)
        assert await device.is_silent()
        house.later(15_000)
        assert await device.farewell() == 0x8D

    live(story)


def test_a_taken_port_is_said_so() -> None:
    async def story(house: House) -> None:
        other = House()
        with pytest.raises(OSError, match=r"[Aa]ddress already in use|error while attempting to bind"):
            await other.broker.start("127.0.0.1", house.port)

    live(story)


def test_a_clean_shutdown_tells_everybody() -> None:
    async def story(house: House) -> None:
        device = await house.device()
        half_open = await house.call()
        await house.until(lambda: house.broker.counters.connections == 2)
        await house.broker.stop()
        assert await device.farewell() == 0x8B
        assert await half_open.is_closed()
        assert house.broker.counters.connections == 0

    live(story)
