"""Our codec beside two strangers, `mqtt5` and paho: whatever we take or write, they read as the same packet."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties as PahoProperties

from device_agent.mqtt.packets import broker, client, shapes
from device_agent.mqtt.packets import properties as props
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.wire import MqttError
from tests.device_agent.mqtt import drawn, oracle

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

# Where we refuse and the oracle does not, one of these rules of MQTT 5 is why.
STRICTER = (
    "U+0000",
    "DUP at QoS 0",
    "ends inside",  # the oracle lets a property run past the end of the properties
    "section 4.7",
    "neither 0 nor 1",
    "must not be 0",
    "does not belong",
    "reason codes",
    "reserved",
    "flags set",
    "topic filter",
    "appears twice",
    "wildcard",
    "not take packets",
    "no local",
    "surrogate",
    "method",
    "session",
    "topic alias",
    "without a reason code",
    "longer than",
    "larger",
)


@quick
@given(drawn.of_client)
def test_what_a_client_says_is_read_the_same_by_the_broker_and_by_the_oracle(packet: shapes.Packet) -> None:
    data = client.encode(packet)
    assert oracle.ours(data, "broker") == packet
    assert oracle.theirs(data) == oracle.retold(packet)


@quick
@given(drawn.of_broker)
def test_what_a_broker_says_is_read_the_same_by_the_client_and_by_the_oracle(packet: shapes.Packet) -> None:
    data = broker.encode(packet)
    assert oracle.ours(data, "client") == packet
    if data != b"\xf0\0":  # AUTH with nothing in it is success (section 3.15.2.1), which the oracle does not know
        assert oracle.theirs(data) == oracle.retold(packet)


@quick
@given(drawn.of_client)
def test_what_the_oracle_writes_we_read(packet: shapes.Packet) -> None:
    theirs = oracle.retold(packet).write()  # type: ignore[attr-defined]
    read = oracle.ours(theirs, "broker")
    assert isinstance(read, shapes.Packet), read
    assert oracle.retold(read) == oracle.retold(packet)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One to three bytes changed, lost or added; mostly with a length that still fits, so that the body is reached."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(out)) if out else 0
        what = chance.random()
        if what < 0.6 and out:
            out[at] = chance.choice((0, 1, 2, 0x7F, 0x80, 0xED, 0xFF, chance.randrange(256)))
        elif what < 0.8 and out:
            del out[at]
        else:
            out.insert(at, chance.randrange(256))
    if chance.random() < 0.7 and 2 <= len(out) < 130:
        out[1] = len(out) - 2
    return bytes(out)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_damaged_packets_are_refused_with_a_reason_or_read_as_the_oracle_reads_them(
    seed: int, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(seed)
    taken = 0
    for data in corpus(chance):
        readings = [oracle.ours(data, "broker"), oracle.ours(data, "client")]
        stranger = oracle.theirs(data)
        packets = [reading for reading in readings if isinstance(reading, shapes.Packet)]
        for packet in packets:
            taken += 1
            if not (isinstance(packet, shapes.Auth) and data[1] == 0):
                assert oracle.retold(packet) == stranger, data
        if not packets and stranger is not None:
            said = [str(reading) for reading in readings if isinstance(reading, MqttError)]
            assert any(rule in text for rule in STRICTER for text in said), (data, said)
    assert taken > 50
    capfd.readouterr()  # the oracle prints a trace for every panic


def corpus(chance: random.Random) -> list[bytes]:
    """Damaged variants of a fixed set of packets that has every type and every property."""
    every = [
        client.encode(shapes.Connect("tv", "tv", b"token", False, 30, full_will(), full(props.OF_CONNECT))),
        client.encode(shapes.Connect("")),
        client.encode(shapes.Publish("v1/tv/up/rq/me/1", b"{}", 1, False, 7, True, full(props.OF_CLIENT_PUBLISH))),
        client.encode(shapes.Publish("a/b", b"\xff", 0, True)),
        client.encode(shapes.Subscribe(9, [shapes.Subscription("v1/tv/dn/#", 1, True, True, 2)], full(b"\x0b\x26"))),
        client.encode(shapes.Subscribe(9, [shapes.Subscription("$share/g/+/é/#"), shapes.Subscription("#")])),
        client.encode(shapes.Unsubscribe(9, ["a/+", "$share/g/b"], full(b"\x26"))),
        client.encode(shapes.PingReq()),
        client.encode(shapes.Disconnect(4, full(props.OF_CLIENT_DISCONNECT))),
        client.encode(shapes.Auth(0x19, full(props.OF_AUTH))),
        broker.encode(shapes.ConnAck(True, 0, full(props.OF_CONNACK))),
        broker.encode(shapes.SubAck(3, [0, 1, 2, 0x87], full(props.OF_ACK))),
        broker.encode(shapes.UnsubAck(3, [0, 0x11], full(props.OF_ACK))),
        broker.encode(shapes.PubAck(3, 0x87, full(props.OF_ACK))),
        broker.encode(shapes.PubRel(3, 0x92)),
        broker.encode(shapes.PingResp()),
        broker.encode(shapes.Disconnect(0x8B, full(props.OF_BROKER_DISCONNECT))),
    ]
    return [damaged(chance.choice(every), chance) for _ in range(12_000)]


def full(allowed: bytes) -> Properties:
    """Every allowed property once."""
    values: dict[int, object] = {
        props.BYTE: 1,
        props.TWO_BYTES: 513,
        props.FOUR_BYTES: 66_000,
        props.VARIABLE: (300,),
        props.TEXT: "é/x",
        props.BINARY: b"\0\xff",
        props.PAIR: (("k", "v"), ("k", "w")),
    }
    return Properties(**{name: values[kind] for number, name, kind in props.TABLE if number in allowed})


def full_will() -> shapes.Will:
    return shapes.Will("v1/tv/up/st", b"gone", 1, True, full(props.OF_WILL))


PAHO_NAMES = {
    "subscription_identifiers": "SubscriptionIdentifier",
    "user_properties": "UserProperty",
    "maximum_qos": "MaximumQoS",
}


@pytest.mark.parametrize(
    ("packet_type", "allowed"),
    [
        (PacketTypes.CONNECT, props.OF_CONNECT),
        (PacketTypes.WILLMESSAGE, props.OF_WILL),
        (PacketTypes.CONNACK, props.OF_CONNACK),
        (PacketTypes.PUBLISH, props.OF_BROKER_PUBLISH),
        (PacketTypes.PUBACK, props.OF_ACK),
        (PacketTypes.SUBSCRIBE, props.OF_SUBSCRIBE),
        (PacketTypes.UNSUBSCRIBE, props.OF_UNSUBSCRIBE),
        (PacketTypes.AUTH, props.OF_AUTH),
    ],
)
def test_paho_and_we_read_each_others_properties(packet_type: int, allowed: bytes) -> None:
    ours = full(allowed)
    theirs = PahoProperties(packet_type)
    theirs.unpack(props.put_properties(ours, allowed))
    for name, value in ours.items():
        if name == "maximum_qos":
            continue
        paho_name = PAHO_NAMES.get(name, "".join(part.capitalize() for part in name.split("_")))
        found = getattr(theirs, paho_name)
        if isinstance(found, list):
            found = tuple(found)
        assert found == value, name
    raw = theirs.pack()
    assert props.take_properties(raw, 0, len(raw), allowed)[0] == ours
