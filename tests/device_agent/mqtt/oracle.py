"""Our packets as `mqtt5`, an independent codec, would hold them; and how both read the same bytes."""

import sys

import mqtt5

from device_agent.mqtt.packets import broker, client, shapes
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.wire import MqttError

SIZE = 1 << 20
AS_THEY_SAY = {
    "topic_alias_maximum": "topic_alias_max",
    "receive_maximum": "receive_max",
    "maximum_packet_size": "max_packet_size",
    "reason_string": "reason_str",
    "request_problem_information": "request_problem_info",
    "request_response_information": "request_response_info",
    "response_information": "response_info",
    "assigned_client_identifier": "assigned_client_id",
    "subscription_identifier_available": "subscription_id_available",
    "subscription_identifiers": "subscription_ids",
    "maximum_qos": "max_qos",
}
FLAGS = (
    "request_problem_information",
    "request_response_information",
    "retain_available",
    "wildcard_subscription_available",
    "subscription_identifier_available",
    "shared_subscription_available",
)


def ours(data: bytes, half: str) -> shapes.Packet | MqttError | None:
    """What one of our decoders makes of the bytes: a packet, the error, or None for an incomplete packet."""
    decoder = broker.decoder(SIZE, awaited=0) if half == "broker" else client.decoder(SIZE)
    try:
        return next(iter(decoder.feed(data)), None)
    except MqttError as error:
        return error


def theirs(data: bytes) -> object:
    """What mqtt5 makes of the same bytes; None when it refuses them or loses its head (a Rust panic)."""
    kept, sys.unraisablehook = sys.unraisablehook, lambda _: None  # a panic leaves an exception behind that nobody sees
    try:
        return mqtt5.read(memoryview(data))[0]
    except (ValueError, IndexError):
        return None
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        return None
    finally:
        sys.unraisablehook = kept


def named(properties: Properties) -> dict[str, object]:
    said: dict[str, object] = {}
    for name, value in properties.items():
        if name in FLAGS:
            value = bool(value)
        elif isinstance(value, tuple):
            value = list(value)
        elif name == "maximum_qos":
            value = mqtt5.QoS(value)
        said[AS_THEY_SAY.get(name, name)] = value
    return said


def retold(packet: shapes.Packet) -> object:
    """The same packet as a value of mqtt5."""
    said = named(packet.properties) if hasattr(packet, "properties") else {}
    match packet:
        case shapes.Connect():
            will = packet.will and mqtt5.Will(
                packet.will.topic,
                payload=packet.will.payload,
                qos=mqtt5.QoS(packet.will.qos),
                retain=packet.will.retain,
                **named(packet.will.properties),
            )
            return mqtt5.ConnectPacket(
                packet.client_id,
                username=packet.username,
                password=packet.password,
                clean_start=packet.clean_start,
                keep_alive=packet.keep_alive,
                will=will,
                **said,
            )
        case shapes.ConnAck():
            code = mqtt5.ConnAckReasonCode(packet.reason_code)
            return mqtt5.ConnAckPacket(session_present=packet.session_present, reason_code=code, **said)
        case shapes.Publish():
            return mqtt5.PublishPacket(
                packet.topic,
                packet.payload,
                qos=mqtt5.QoS(packet.qos),
                retain=packet.retain,
                packet_id=packet.packet_id or None,
                duplicate=packet.dup,
                **said,
            )
        case shapes.Subscribe():
            said["subscription_id"] = (said.pop("subscription_ids", None) or [None])[0]
            wishes = [
                mqtt5.TopicFilter(
                    wish.topic_filter,
                    max_qos=mqtt5.QoS(wish.qos),
                    no_local=wish.no_local,
                    retain_as_published=wish.retain_as_published,
                    retain_handling=mqtt5.RetainHandling(wish.retain_handling),
                )
                for wish in packet.subscriptions
            ]
            return mqtt5.SubscribePacket(packet.packet_id, wishes, **said)
        case shapes.Unsubscribe():
            return mqtt5.UnsubscribePacket(packet.packet_id, packet.topic_filters, **said)
        case shapes.PingReq() | shapes.PingResp():
            return getattr(mqtt5, type(packet).__name__ + "Packet")()
        case shapes.Answers():
            name = type(packet).__name__
            codes = [getattr(mqtt5, name + "ReasonCode")(code) for code in packet.reason_codes]
            return getattr(mqtt5, name + "Packet")(packet.packet_id, codes, **said)
        case shapes.Ack():
            name = type(packet).__name__
            code = getattr(mqtt5, name + "ReasonCode")(packet.reason_code)
            return getattr(mqtt5, name + "Packet")(packet.packet_id, reason_code=code, **said)
        case shapes.Ending():
            name = type(packet).__name__
            code = getattr(mqtt5, name + "ReasonCode")(packet.reason_code)
            return getattr(mqtt5, name + "Packet")(reason_code=code, **said)
    raise AssertionError(packet)
