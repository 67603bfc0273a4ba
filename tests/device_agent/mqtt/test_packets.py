"""Every packet by hand: what is taken, what is refused and with which reason code."""

import json
from pathlib import Path

import pytest

from device_agent.mqtt.packets import broker, client, reasons, shapes, wire
from device_agent.mqtt.packets.properties import NONE, Properties
from device_agent.mqtt.packets.wire import MqttError
from tests.device_agent.mqtt import oracle

CASES = json.loads((Path(__file__).parents[2] / "cases" / "packets.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_packet_is_taken_or_refused_with_the_reason_of_the_specification(case: dict[str, str]) -> None:
    reading = oracle.ours(bytes.fromhex(case["hex"]), case["half"])
    assert reading is not None, "the packet in the table is not complete"
    assert (reading.reason_code if isinstance(reading, MqttError) else 0) == case["reason"], reading


def test_a_version_before_5_is_told_apart_from_a_broken_packet() -> None:
    with pytest.raises(broker.UnsupportedVersion) as refused:
        list(broker.decoder(1000).feed(bytes.fromhex("100e00044d5154540402003c00027476")))
    assert refused.value.level == 4


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455])
def test_variable_byte_integers_take_their_shortest_form(number: int) -> None:
    raw = wire.put_variable_int(number)
    assert wire.take_variable_int(raw, 0, len(raw)) == (number, len(raw))
    assert len(raw) == sum(number >= limit for limit in (0, 128, 16_384, 2_097_152))


@pytest.mark.parametrize("number", [-1, 268_435_456])
def test_a_variable_byte_integer_out_of_range_is_not_written(number: int) -> None:
    with pytest.raises(ValueError, match="268435455"):
        wire.put_variable_int(number)


@pytest.mark.parametrize(
    "packet",
    [
        shapes.Publish("a/+"),
        shapes.Publish("a\0"),
        shapes.Publish("a\ud800"),
        shapes.Publish("a" * 65_536),
        shapes.Publish(""),
        shapes.Publish("a", qos=1),
        shapes.Publish("a", dup=True),
        shapes.Publish("a", qos=3, packet_id=1),
        shapes.Publish("a", properties=Properties(receive_maximum=3)),
        shapes.Publish("a", properties=Properties(message_expiry_interval=1 << 32)),
        shapes.Publish("a", properties=Properties(message_expiry_interval="7")),
        shapes.Publish("a", properties=Properties(subscription_identifiers=(1,))),
        shapes.Connect("tv", keep_alive=70_000),
        shapes.Connect("tv", will=shapes.Will("a/#")),
        shapes.Subscribe(1, []),
        shapes.Subscribe(0, [shapes.Subscription("a")]),
        shapes.Subscribe(1, [shapes.Subscription("a", 3)]),
        shapes.Unsubscribe(1, []),
        shapes.PubAck(1, reasons.KEEP_ALIVE_TIMEOUT),
        shapes.Disconnect(reasons.SERVER_SHUTTING_DOWN),
        shapes.Auth(reasons.RE_AUTHENTICATE),
        shapes.ConnAck(),
        shapes.SubAck(1, [0]),
    ],
)
def test_what_a_broker_would_refuse_a_client_does_not_write(packet: shapes.Packet) -> None:
    with pytest.raises((ValueError, MqttError)):
        client.encode(packet)


@pytest.mark.parametrize(
    "packet",
    [
        shapes.Connect("tv"),
        shapes.PingReq(),
        shapes.ConnAck(False, 1),
        shapes.ConnAck(True, reasons.NOT_AUTHORIZED),
        shapes.SubAck(1, []),
        shapes.UnsubAck(1, [1]),
        shapes.Disconnect(reasons.DISCONNECT_WITH_WILL),
        shapes.Auth(reasons.RE_AUTHENTICATE, Properties(authentication_method="m")),
    ],
)
def test_what_a_client_would_refuse_a_broker_does_not_write(packet: shapes.Packet) -> None:
    with pytest.raises(ValueError, match=r"PUB|CONN|reason|side"):
        broker.encode(packet)


def test_a_property_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="colour"):
        Properties(colour="red")


def test_packets_without_anything_to_say_share_one_empty_property_bag() -> None:
    packet = oracle.ours(client.encode(shapes.Publish("a")), "broker")
    assert isinstance(packet, shapes.Publish)
    assert packet.properties is NONE
    assert NONE.items() == []


def test_a_password_or_token_never_shows_in_a_representation() -> None:
    secret = shapes.Connect(
        "tv", "tv", b"s3cret", properties=Properties(authentication_method="m", authentication_data=b"s3cret")
    )
    assert "s3cret" not in repr(secret) + repr(secret.properties)
    assert "s3cret" not in repr(shapes.Publish("a", b"s3cret"))
