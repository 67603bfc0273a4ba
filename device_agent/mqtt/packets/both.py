"""The packets that both sides send: PUBLISH and its acknowledgements, DISCONNECT, AUTH (MQTT 5 sections 3.3 to 3.7)."""

from . import properties as props
from . import reasons
from .shapes import PUBREC, PUBREL, Ack, Answers, Auth, Disconnect, Packet, PubAck, PubComp, Publish, PubRec, PubRel
from .wire import malformed, protocol_error, put_packet, put_text, take_text

HOLLOW = b"\0"


def read_publish(flags: int, body: bytes, allowed: bytes) -> Publish:
    """Section 3.3; `allowed` is the set of properties of the direction."""
    end = len(body)
    qos = flags >> 1 & 3
    if qos == 3:
        raise malformed("PUBLISH with QoS 3")
    if qos == 0 and flags & 8:
        raise malformed("PUBLISH with DUP at QoS 0")
    topic, at = take_text(body, 0, end)
    if "+" in topic or "#" in topic:
        raise malformed("PUBLISH to a topic with a wildcard")
    packet_id = 0
    if qos:
        packet_id = packet_id_at(body, at)
        at += 2
    properties, at = props.take_properties(body, at, end, allowed)
    if not topic and properties.topic_alias is None:
        raise protocol_error("PUBLISH with neither a topic nor a topic alias")
    return Publish(topic, body[at:], qos, flags & 1 == 1, packet_id, flags & 8 == 8, properties)


def packet_id_at(body: bytes, at: int) -> int:
    """A packet identifier is two bytes and never 0 (section 2.2.1)."""
    if at + 2 > len(body):
        raise malformed("the packet ends before its packet identifier")
    packet_id = body[at] << 8 | body[at + 1]
    if packet_id == 0:
        raise protocol_error("a packet identifier must not be 0")
    return packet_id


def put_packet_id(packet_id: int) -> bytes:
    """ValueError unless 1 to 65,535."""
    if not 0 < packet_id < 0x10000:
        raise ValueError("a packet identifier is 1 to 65535")
    return packet_id.to_bytes(2, "big")


def write_publish(packet: Publish, allowed: bytes) -> bytes:
    """Section 3.3; ValueError for what the other side would refuse."""
    if "+" in packet.topic or "#" in packet.topic:
        raise ValueError("a topic name has no wildcards")
    if not packet.topic and packet.properties.topic_alias is None:
        raise ValueError("PUBLISH needs a topic or a topic alias")
    if packet.qos not in (0, 1, 2) or (packet.dup and not packet.qos):
        raise ValueError("QoS is 0, 1 or 2, and DUP needs QoS 1 or 2")
    first_byte = 0x30 | packet.dup << 3 | packet.qos << 1 | packet.retain
    packet_id = put_packet_id(packet.packet_id) if packet.qos else b""
    head = put_text(packet.topic) + packet_id + props.put_properties(packet.properties, allowed)
    return put_packet(first_byte, head + packet.payload)


def take_ack(body: bytes, codes: bytes) -> tuple[int, int, props.Properties]:
    """Packet identifier, then a reason code and properties which may both be left out (section 3.4.2)."""
    packet_id = packet_id_at(body, 0)
    code, properties = take_ending(body, 2, codes, props.OF_ACK)
    return packet_id, code, properties


def take_ending(body: bytes, at: int, codes: bytes, allowed: bytes) -> tuple[int, props.Properties]:
    """A reason code and properties that may be left out: nothing is 0x00 without properties (section 3.14.2.1)."""
    end = len(body)
    if at == end:
        return reasons.SUCCESS, props.NONE
    code = body[at]
    if code not in codes:
        raise protocol_error(f"reason code 0x{code:02x} does not belong in this packet")
    if at + 1 == end:
        return code, props.NONE
    properties, at = props.take_properties(body, at + 1, end, allowed)
    if at != end:
        raise malformed("bytes after the end of the packet")
    return code, properties


def put_ending(code: int, properties: props.Properties, codes: bytes, allowed: bytes) -> bytes:
    """The shortest form of a reason code and properties."""
    if code not in codes:
        raise ValueError(f"reason code 0x{code:02x} does not belong in this packet")
    tail = props.put_properties(properties, allowed)
    if tail != HOLLOW:
        return bytes((code,)) + tail
    return bytes((code,)) if code else b""


def read_puback(body: bytes) -> PubAck:
    """Section 3.4."""
    if len(body) == 2:
        return PubAck(packet_id_at(body, 0))
    return PubAck(*take_ack(body, reasons.OF_PUBACK))


def read_second_acks(kind: int, body: bytes) -> Ack:
    """PUBREC, PUBREL, PUBCOMP (sections 3.5 to 3.7)."""
    if kind == PUBREC:
        return PubRec(*take_ack(body, reasons.OF_PUBREC))
    if kind == PUBREL:
        return PubRel(*take_ack(body, reasons.OF_PUBREL))
    return PubComp(*take_ack(body, reasons.OF_PUBCOMP))


def write_ack(packet: Packet) -> bytes:
    """Sections 3.4 to 3.7; ValueError for any other packet, which this side may not send."""
    if isinstance(packet, PubAck):
        return put_ack(packet, 0x40, reasons.OF_PUBACK)
    if isinstance(packet, PubRec):
        return put_ack(packet, 0x50, reasons.OF_PUBREC)
    if isinstance(packet, PubRel):
        return put_ack(packet, 0x62, reasons.OF_PUBREL)
    if isinstance(packet, PubComp):
        return put_ack(packet, 0x70, reasons.OF_PUBCOMP)
    raise ValueError("this side never sends " + type(packet).__name__)


def put_ack(packet: Ack, first_byte: int, codes: bytes) -> bytes:
    """Packet identifier, then the reason code and properties if there is something to say."""
    tail = put_ending(packet.reason_code, packet.properties, codes, props.OF_ACK)
    return put_packet(first_byte, put_packet_id(packet.packet_id) + tail)


def read_auth(body: bytes, codes: bytes) -> Auth:
    """Section 3.15: a client never says 0x00, so only a broker may leave everything out."""
    if not body and reasons.SUCCESS not in codes:
        raise protocol_error("AUTH without a reason code is the broker's success")
    auth = Auth(*take_ending(body, 0, codes, props.OF_AUTH))
    if body and auth.properties.authentication_method is None:
        raise protocol_error("AUTH without an authentication method")  # section 3.15.2.2.2
    return auth


def write_auth(packet: Auth, codes: bytes) -> bytes:
    """Section 3.15."""
    if packet.properties.authentication_method is None:
        raise ValueError("AUTH needs an authentication method")
    return put_packet(0xF0, put_ending(packet.reason_code, packet.properties, codes, props.OF_AUTH))


def read_disconnect(body: bytes, codes: bytes, allowed: bytes) -> Disconnect:
    """Section 3.14."""
    return Disconnect(*take_ending(body, 0, codes, allowed))


def write_disconnect(packet: Disconnect, codes: bytes, allowed: bytes) -> bytes:
    """Section 3.14."""
    return put_packet(0xE0, put_ending(packet.reason_code, packet.properties, codes, allowed))


def refuse_body(body: bytes) -> None:
    """PINGREQ and PINGRESP have no body (section 3.12)."""
    if body:
        raise malformed("a ping has no body")


def take_codes(body: bytes, codes: bytes) -> tuple[int, list[int], props.Properties]:
    """SUBACK and UNSUBACK: packet identifier, at least one reason code, properties (section 3.9)."""
    packet_id = packet_id_at(body, 0)
    properties, at = props.take_properties(body, 2, len(body), props.OF_ACK)
    given = list(body[at:])
    if not given:
        raise malformed("an acknowledgement without reason codes")
    for code in given:
        if code not in codes:
            raise protocol_error(f"reason code 0x{code:02x} does not belong in this packet")
    return packet_id, given, properties


def write_codes(first_byte: int, packet: Answers, codes: bytes) -> bytes:
    """SUBACK and UNSUBACK."""
    if not packet.reason_codes or not all(code in codes for code in packet.reason_codes):
        raise ValueError("a reason code does not belong in this packet")
    head = put_packet_id(packet.packet_id) + props.put_properties(packet.properties, props.OF_ACK)
    return put_packet(first_byte, head + bytes(packet.reason_codes))
