"""CONNECT and CONNACK: what a client asks, what it gets, why it may stay outside (MQTT 5 sections 3.1 and 3.2)."""

from dataclasses import dataclass

from device_agent.mqtt.packets import broker as codec
from device_agent.mqtt.packets import reasons
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import ConnAck, Connect
from server.broker import rights
from server.broker.limits import Limits
from server.broker.port import Admission, Hello, Refusal

UNLIMITED = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides keep to: seconds, bytes and counts of MQTT."""

    keep_alive: int
    session_expiry: int
    receive_maximum: int
    maximum_packet_size: int


def hello(connect: Connect, peer: str) -> Hello:
    """What the doorkeeper gets to see."""
    said = connect.properties
    return Hello(
        client_id=connect.client_id,
        username=connect.username,
        password=connect.password,
        auth_method=said.authentication_method,
        auth_data=said.authentication_data,
        peer=peer,
        user_properties=said.user_properties,
    )


def will_refusal(connect: Connect, admission: Admission, limits: Limits) -> Refusal | None:
    """A will is a PUBLISH in advance: same rights, same QoS."""
    will = connect.will
    if will is None:
        return None
    if will.qos > 1:
        return Refusal(reasons.QOS_NOT_SUPPORTED, "a will of QoS 2 is not supported")
    code = rights.publish_refusal(admission, will.topic, will.properties.response_topic, limits)
    return Refusal(code, "the will is not for a topic of this device") if code else None


def terms(connect: Connect, limits: Limits) -> Terms:
    """Both sides' wishes within our bounds; a keep-alive of 0 would let dead connections stay for ever."""
    said = connect.properties
    longest = limits.keep_alive_seconds
    return Terms(
        keep_alive=min(connect.keep_alive or longest, longest),
        session_expiry=min(said.session_expiry_interval or 0, limits.session_expiry_seconds),
        receive_maximum=min(said.receive_maximum or 0xFFFF, limits.receive_maximum),
        maximum_packet_size=said.maximum_packet_size or UNLIMITED,
    )


def welcome(connect: Connect, agreed: Terms, admission: Admission, is_present: bool, limits: Limits) -> bytes:
    """CONNACK that says yes, and every bound that differs from what the client asked or would assume."""
    said = connect.properties
    asked = said.session_expiry_interval or 0
    properties = Properties(
        maximum_qos=1,
        receive_maximum=limits.receive_maximum,
        maximum_packet_size=limits.packet_bytes,
        topic_alias_maximum=limits.topic_aliases,
        server_keep_alive=agreed.keep_alive if agreed.keep_alive != connect.keep_alive else None,
        session_expiry_interval=agreed.session_expiry if agreed.session_expiry != asked else None,
        assigned_client_identifier=None if connect.client_id else admission.device_id,
        authentication_method=said.authentication_method,
    )
    return codec.encode(ConnAck(is_present, reasons.SUCCESS, properties))


def turn_away(refusal: Refusal) -> bytes:
    """CONNACK that says no, with the reason in words, and where to go if the doorkeeper told."""
    code = refusal.reason_code if refusal.reason_code in reasons.OF_CONNACK else reasons.NOT_AUTHORIZED
    said = Properties(reason_string=sayable(refusal.reason) or None, user_properties=refusal.hints)
    return codec.encode(ConnAck(False, code, said))


def sayable(text: str) -> str:
    """Words as a reason string may carry them: short, without NUL or halves of characters."""
    return text[:200].replace("\0", "").encode("utf-8", "replace").decode()
