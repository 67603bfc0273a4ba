"""The frame of a message is what the codec would write, whatever is shared between receivers."""

from hypothesis import given, settings
from hypothesis import strategies as st

from device_agent.mqtt.packets import broker, client, properties, shapes
from device_agent.mqtt.packets.properties import Properties
from server.broker.message import UNCHANGED, Message
from tests.device_agent.mqtt import drawn


@settings(max_examples=200, deadline=None)
@given(
    drawn.bag(properties.OF_CLIENT_PUBLISH),
    drawn.binary,
    st.integers(0, 1),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(1, 300_000), max_size=3).map(tuple),
    st.integers(0, 90_000),
)
def test_a_frame_is_what_the_codec_would_write(
    said: Properties, payload: bytes, qos: int, retain: bool, dup: bool, identifiers: tuple[int, ...], waited: int
) -> None:
    message = Message("v1/é", payload, 1, False, 0, said)
    expiry = said.message_expiry_interval
    left = None if expiry is None else max(0, -((waited - expiry * 1000) // 1000))
    wanted = {name: getattr(said, name) for name in UNCHANGED} | {
        "message_expiry_interval": left,
        "subscription_identifiers": identifiers,
    }
    packet_id = 7 if qos else 0
    packet = shapes.Publish("v1/é", payload, qos, retain, packet_id, bool(dup and qos), Properties(**wanted))
    for _ in range(2):
        frame = message.frame(qos, retain, bool(dup and qos), packet_id, identifiers, waited)
        assert len(frame) == len(broker.encode(packet))
        assert next(client.decoder(1 << 20).feed(frame)) == packet
