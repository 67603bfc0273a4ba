"""The broker's half: reads what a client says, writes what a broker answers (MQTT 5 section 3)."""

from .. import topics
from . import both, reasons
from . import decoder as stream
from . import properties as props
from .shapes import (
    AUTH,
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    PUBLISH,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Auth,
    ConnAck,
    Connect,
    Disconnect,
    Packet,
    PingReq,
    PingResp,
    Publish,
    SubAck,
    Subscribe,
    Subscription,
    UnsubAck,
    Unsubscribe,
    Will,
)
from .wire import MqttError, malformed, protocol_error, put_packet, take_binary, take_text


class UnsupportedVersion(MqttError):
    """CONNECT of another protocol level: 3 is MQTT 3.1, 4 is MQTT 3.1.1, both of which expect another CONNACK."""

    def __init__(self, level: int) -> None:
        super().__init__(reasons.UNSUPPORTED_PROTOCOL_VERSION, f"protocol level {level}, only 5 is spoken here")
        self.level = level


class BrokerDecoder(stream.Decoder):
    """Reads the packets that a client may send."""

    known = b"\x01\x03\x04\x05\x06\x07\x08\x0a\x0c\x0e\x0f"

    def read(self, kind: int, flags: int, body: bytes) -> Packet:
        """One packet from a client; MqttError when it breaks a rule."""
        if kind == PUBLISH:
            return both.read_publish(flags, body, props.OF_CLIENT_PUBLISH)
        if kind == PUBACK:
            return both.read_puback(body)
        if kind == PINGREQ:
            both.refuse_body(body)
            return PingReq()
        if kind == SUBSCRIBE:
            return read_subscribe(body)
        if kind == CONNECT:
            return read_connect(body)
        if kind == DISCONNECT:
            return both.read_disconnect(body, reasons.OF_CLIENT_DISCONNECT, props.OF_CLIENT_DISCONNECT)
        if kind == UNSUBSCRIBE:
            return read_unsubscribe(body)
        if kind == AUTH:
            return both.read_auth(body, reasons.OF_CLIENT_AUTH)
        return both.read_second_acks(kind, body)


def decoder(maximum_packet_size: int, awaited: int = CONNECT) -> BrokerDecoder:
    """A fresh decoder for one connection of a client, which has to begin with CONNECT (section 3.1.0-1)."""
    fresh = BrokerDecoder(maximum_packet_size)
    fresh.awaited = awaited
    return fresh


def read_connect(body: bytes) -> Connect:
    """Section 3.1."""
    end = len(body)
    name, at = take_binary(body, 0, end)
    if name not in (b"MQTT", b"MQIsdp"):
        raise malformed("CONNECT is not of MQTT")
    if at + 4 > end:
        raise malformed("CONNECT is too short")
    level, flags = body[at], body[at + 1]
    if level != 5 or name != b"MQTT":
        raise UnsupportedVersion(level)
    if flags & 1 or flags & 0x18 == 0x18 or (not flags & 4 and flags & 0x38):
        raise malformed("CONNECT has flags set that must not be")
    keep_alive = body[at + 2] << 8 | body[at + 3]
    properties, at = props.take_properties(body, at + 4, end, props.OF_CONNECT)
    client_id, at = take_text(body, at, end)
    will = None
    if flags & 4:
        will, at = take_will(body, at, end, flags)
    username = password = None
    if flags & 0x80:
        username, at = take_text(body, at, end)
    if flags & 0x40:
        password, at = take_binary(body, at, end)
    if at != end:
        raise malformed("bytes after the end of CONNECT")
    return Connect(client_id, username, password, flags & 2 == 2, keep_alive, will, properties)


def take_will(body: bytes, at: int, end: int, flags: int) -> tuple[Will, int]:
    """The will of a CONNECT (section 3.1.3.2)."""
    properties, at = props.take_properties(body, at, end, props.OF_WILL)
    topic, at = take_text(body, at, end)
    if not topics.is_name(topic):
        raise malformed("a will needs a topic without wildcards")
    payload, at = take_binary(body, at, end)
    return Will(topic, payload, flags >> 3 & 3, flags & 0x20 == 0x20, properties), at


def read_subscribe(body: bytes) -> Subscribe:
    """Section 3.8."""
    end = len(body)
    packet_id = both.packet_id_at(body, 0)
    properties, at = props.take_properties(body, 2, end, props.OF_SUBSCRIBE)
    if at == end:
        raise protocol_error("SUBSCRIBE without a topic filter")
    wishes = []
    while at < end:
        topic_filter, at = take_filter(body, at, end)
        if at == end:
            raise malformed("SUBSCRIBE ends before its options")
        wishes.append(read_options(topic_filter, body[at]))
        at += 1
    return Subscribe(packet_id, wishes, properties)


def read_options(topic_filter: str, options: int) -> Subscription:
    """The byte behind a topic filter (section 3.8.3.1)."""
    if options & 0xC0 or options & 3 == 3:
        raise malformed("subscription options have reserved bits or QoS 3")
    if options & 0x30 == 0x30:
        raise protocol_error("retain handling 3 does not exist")
    if options & 4 and topics.is_shared(topic_filter):
        raise protocol_error("no local on a shared subscription")
    return Subscription(topic_filter, options & 3, options & 4 == 4, options & 8 == 8, options >> 4 & 3)


def take_filter(body: bytes, at: int, end: int) -> tuple[str, int]:
    """A topic filter that obeys section 4.7, and 4.8.2 if it is shared."""
    topic_filter, at = take_text(body, at, end)
    if not topics.is_filter(topic_filter):
        raise malformed("a topic filter breaks the rules of section 4.7")
    return topic_filter, at


def read_unsubscribe(body: bytes) -> Unsubscribe:
    """Section 3.10."""
    end = len(body)
    packet_id = both.packet_id_at(body, 0)
    properties, at = props.take_properties(body, 2, end, props.OF_UNSUBSCRIBE)
    if at == end:
        raise protocol_error("UNSUBSCRIBE without a topic filter")
    topic_filters = []
    while at < end:
        topic_filter, at = take_filter(body, at, end)
        topic_filters.append(topic_filter)
    return Unsubscribe(packet_id, topic_filters, properties)


def encode(packet: Packet) -> bytes:
    """What a broker says, as bytes; ValueError for what no client may be sent."""
    if isinstance(packet, Publish):
        return both.write_publish(packet, props.OF_BROKER_PUBLISH)
    if isinstance(packet, ConnAck):
        return write_connack(packet)
    if isinstance(packet, SubAck):
        return both.write_codes(0x90, packet, reasons.OF_SUBACK)
    if isinstance(packet, UnsubAck):
        return both.write_codes(0xB0, packet, reasons.OF_UNSUBACK)
    if isinstance(packet, PingResp):
        return b"\xd0\0"
    if isinstance(packet, Disconnect):
        return both.write_disconnect(packet, reasons.OF_BROKER_DISCONNECT, props.OF_BROKER_DISCONNECT)
    if isinstance(packet, Auth):
        return both.write_auth(packet, reasons.OF_BROKER_AUTH)
    return both.write_ack(packet)


def write_connack(packet: ConnAck) -> bytes:
    """Section 3.2."""
    if packet.reason_code not in reasons.OF_CONNACK or (packet.session_present and packet.reason_code):
        raise ValueError("CONNACK cannot carry this reason code")
    tail = props.put_properties(packet.properties, props.OF_CONNACK)
    return put_packet(0x20, bytes((packet.session_present, packet.reason_code)) + tail)
