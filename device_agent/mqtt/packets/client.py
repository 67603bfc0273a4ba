"""The client's half: writes what a client says, reads what a broker answers (MQTT 5 section 3)."""

from . import both, reasons
from . import decoder as stream
from . import properties as props
from .shapes import (
    AUTH,
    CONNACK,
    DISCONNECT,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    SUBACK,
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
    UnsubAck,
    Unsubscribe,
)
from .wire import malformed, protocol_error, put_binary, put_packet, put_text

PROTOCOL = b"\0\4MQTT\5"


class ClientDecoder(stream.Decoder):
    """Reads the packets that a broker may send."""

    known = b"\x02\x03\x04\x05\x06\x07\x09\x0b\x0d\x0e\x0f"

    def read(self, kind: int, flags: int, body: bytes) -> Packet:
        """One packet from the broker; MqttError when it breaks a rule."""
        if kind == PUBLISH:
            return both.read_publish(flags, body, props.OF_BROKER_PUBLISH)
        if kind == PUBACK:
            return both.read_puback(body)
        if kind == CONNACK:
            return read_connack(body)
        if kind == PINGRESP:
            both.refuse_body(body)
            return PingResp()
        if kind == DISCONNECT:
            return both.read_disconnect(body, reasons.OF_BROKER_DISCONNECT, props.OF_BROKER_DISCONNECT)
        if kind == AUTH:
            return both.read_auth(body, reasons.OF_BROKER_AUTH)
        if kind in (PUBREC, PUBREL, PUBCOMP):
            return both.read_second_acks(kind, body)
        packet_id, codes, properties = both.take_codes(
            body, reasons.OF_SUBACK if kind == SUBACK else reasons.OF_UNSUBACK
        )
        return SubAck(packet_id, codes, properties) if kind == SUBACK else UnsubAck(packet_id, codes, properties)


def decoder(maximum_packet_size: int = 65_536) -> ClientDecoder:
    """A fresh decoder for one connection to a broker. Announce the same size in CONNECT."""
    return ClientDecoder(maximum_packet_size)


def read_connack(body: bytes) -> ConnAck:
    """Section 3.2."""
    if len(body) < 3:
        raise malformed("CONNACK is too short")
    if body[0] > 1:
        raise malformed("CONNACK has reserved flags set")
    if body[1] not in reasons.OF_CONNACK:
        raise protocol_error("CONNACK with an unknown reason code")
    if body[0] and body[1]:
        raise protocol_error("CONNACK refuses and speaks of a session")  # section 3.2.2.1.1
    properties, at = props.take_properties(body, 2, len(body), props.OF_CONNACK)
    if at != len(body):
        raise malformed("bytes after the end of CONNACK")
    return ConnAck(body[0] == 1, body[1], properties)


def encode(packet: Packet) -> bytes:
    """What a client says, as bytes; ValueError for what no broker may be sent."""
    if isinstance(packet, Publish):
        return both.write_publish(packet, props.OF_CLIENT_PUBLISH)
    if isinstance(packet, Connect):
        return write_connect(packet)
    if isinstance(packet, Subscribe):
        return write_subscribe(packet)
    if isinstance(packet, Unsubscribe):
        return write_unsubscribe(packet)
    if isinstance(packet, PingReq):
        return b"\xc0\0"
    if isinstance(packet, Disconnect):
        return both.write_disconnect(packet, reasons.OF_CLIENT_DISCONNECT, props.OF_CLIENT_DISCONNECT)
    if isinstance(packet, Auth):
        return both.write_auth(packet, reasons.OF_CLIENT_AUTH)
    return both.write_ack(packet)


def write_connect(packet: Connect) -> bytes:
    """Section 3.1."""
    flags = packet.clean_start << 1 | (packet.username is not None) << 7 | (packet.password is not None) << 6
    out = props.put_properties(packet.properties, props.OF_CONNECT) + put_text(packet.client_id)
    will = packet.will
    if will is not None:
        if will.qos not in (0, 1, 2) or not will.topic or "+" in will.topic or "#" in will.topic:
            raise ValueError("a will needs a topic without wildcards and QoS 0, 1 or 2")
        flags |= 4 | will.qos << 3 | will.retain << 5
        out += props.put_properties(will.properties, props.OF_WILL) + put_text(will.topic) + put_binary(will.payload)
    if packet.username is not None:
        out += put_text(packet.username)
    if packet.password is not None:
        out += put_binary(packet.password)
    if not 0 <= packet.keep_alive <= 0xFFFF:
        raise ValueError("keep alive is 0 to 65535 seconds")
    return put_packet(0x10, PROTOCOL + bytes((flags,)) + packet.keep_alive.to_bytes(2, "big") + out)


def write_subscribe(packet: Subscribe) -> bytes:
    """Section 3.8."""
    if not packet.subscriptions or len(packet.properties.subscription_identifiers) > 1:
        raise ValueError("SUBSCRIBE needs a filter, and at most one subscription identifier")
    out = both.put_packet_id(packet.packet_id) + props.put_properties(packet.properties, props.OF_SUBSCRIBE)
    for wish in packet.subscriptions:
        if wish.qos not in (0, 1, 2) or wish.retain_handling not in (0, 1, 2):
            raise ValueError("QoS and retain handling are 0, 1 or 2")
        options = wish.qos | wish.no_local << 2 | wish.retain_as_published << 3 | wish.retain_handling << 4
        out += put_text(wish.topic_filter) + bytes((options,))
    return put_packet(0x82, out)


def write_unsubscribe(packet: Unsubscribe) -> bytes:
    """Section 3.10."""
    if not packet.topic_filters:
        raise ValueError("UNSUBSCRIBE needs a filter")
    out = both.put_packet_id(packet.packet_id) + props.put_properties(packet.properties, props.OF_UNSUBSCRIBE)
    return put_packet(0xA2, out + b"".join([put_text(topic_filter) for topic_filter in packet.topic_filters]))
