"""The stream: pieces of any size, limits before buffering, garbage refused on its first byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agent.mqtt.packets import broker, client, reasons, shapes
from device_agent.mqtt.packets.wire import MqttError
from tests.device_agent.mqtt import drawn


@settings(max_examples=60, deadline=None)
@given(st.lists(drawn.of_client, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_any_cutting_of_the_stream_gives_the_same_packets(packets: list[shapes.Packet], chance: object) -> None:
    data = b"".join(client.encode(packet) for packet in packets)
    decoder = broker.decoder(1 << 20, awaited=0)
    read: list[shapes.Packet] = []
    while data:
        size = chance.randint(1, 9)  # type: ignore[attr-defined]
        read += decoder.feed(data[:size])
        data = data[size:]
    assert read == packets
    assert decoder.pending == 0


def test_packets_before_a_broken_one_are_still_delivered() -> None:
    decoder = broker.decoder(1000, awaited=0).feed(b"\xc0\0\xc0\0\xc0\x01\0")
    assert [next(decoder), next(decoder)] == [shapes.PingReq(), shapes.PingReq()]
    with pytest.raises(MqttError):
        next(decoder)


def test_a_packet_too_large_is_refused_on_its_header_before_its_body_arrives() -> None:
    with pytest.raises(MqttError) as refused:
        list(broker.decoder(1000, awaited=0).feed(b"\x30\xff\xff\x7f"))
    assert refused.value.reason_code == reasons.PACKET_TOO_LARGE


@pytest.mark.parametrize(("spare", "is_taken"), [(0, True), (-1, False)])
@pytest.mark.parametrize("size", [1, 100, 200, 20_000])
def test_the_limit_counts_the_whole_packet(size: int, spare: int, is_taken: bool) -> None:
    data = client.encode(shapes.Publish("a", b"x" * size))
    decoder = broker.decoder(len(data) + spare, awaited=0)
    if is_taken:
        assert len(list(decoder.feed(data))) == 1
    else:
        with pytest.raises(MqttError) as refused:
            list(decoder.feed(data))
        assert refused.value.reason_code == reasons.PACKET_TOO_LARGE


@pytest.mark.parametrize("first", [b"G", b"\x16", b"\0", b"\xff", b"\x30"])
def test_a_connection_that_does_not_begin_with_connect_ends_on_its_first_byte(first: bytes) -> None:
    with pytest.raises(MqttError):
        list(broker.decoder(1000).feed(first))


def test_a_large_packet_sent_byte_by_byte_costs_no_more_than_its_size() -> None:
    data = client.encode(shapes.Publish("a", bytes(60_000)))
    decoder = broker.decoder(1 << 20, awaited=0)
    read: list[shapes.Packet] = []
    for at in range(len(data)):
        read += decoder.feed(data[at : at + 1])
    assert len(read) == 1


def test_many_user_properties_are_read_in_one_pass() -> None:
    properties = b"\x26\0\0\0\0" * 40_000
    body = b"\0\1a" + b"\xc0\x9a\x0c" + properties
    packet = next(broker.decoder(1 << 20, awaited=0).feed(b"\x30" + b"\xc6\x9a\x0c" + body))
    assert isinstance(packet, shapes.Publish)
    assert len(packet.properties.user_properties) == 40_000
