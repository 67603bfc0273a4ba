"""PUBLISH and SUBSCRIBE of one connection: rights, aliases, acknowledgements (MQTT 5 sections 3.3 and 3.8)."""

from collections.abc import Callable

from device_agent.mqtt import topics
from device_agent.mqtt.packets import broker as codec
from device_agent.mqtt.packets import reasons, shapes
from device_agent.mqtt.packets.wire import MqttError, protocol_error
from server.broker import rights
from server.broker.exchange import Exchange
from server.broker.message import Message
from server.broker.session import Session

Send = Callable[[bytes], None]


class Traffic:
    """What a session with a valid token says; `send` writes to its connection."""

    __slots__ = ("_aliases", "_exchange", "_send")

    def __init__(self, exchange: Exchange, send: Send) -> None:
        self._exchange = exchange
        self._send = send
        self._aliases: dict[int, str] = {}

    def publish(self, session: Session, packet: shapes.Publish) -> int:
        """Take or refuse a message. 0, or the reason code to close with: at QoS 0 there is no other way to say it."""
        exchange = self._exchange
        exchange.counters.messages_in += 1
        topic = self._resolve(packet)
        if packet.qos > 1:
            raise MqttError(reasons.QOS_NOT_SUPPORTED, "QoS 2 is not supported")
        code = rights.publish_refusal(session.admission, topic, packet.properties.response_topic, exchange.limits)
        is_forbidden = code != 0
        taken = 0
        if not is_forbidden:
            taken, code = exchange.publish(self._message(session, topic, packet))
        if code:
            exchange.counters.messages_refused += 1
        if packet.qos:
            self._acknowledge(packet.packet_id, code or (0 if taken else reasons.NO_MATCHING_SUBSCRIBERS))
            return 0
        return code if is_forbidden else 0

    def _message(self, session: Session, topic: str, packet: shapes.Publish) -> Message:
        admission = session.admission
        return Message(
            topic,
            packet.payload,
            packet.qos,
            packet.retain,
            self._exchange.uptime(),
            packet.properties,
            admission.device_id,
            admission.token,
            (admission.tie, admission.expires_at),
        )

    def _acknowledge(self, packet_id: int, code: int) -> None:
        raw = packet_id.to_bytes(2, "big")
        self._send(b"\x40\x03" + raw + bytes((code,)) if code else b"\x40\x02" + raw)

    def _resolve(self, packet: shapes.Publish) -> str:
        """The topic, by its alias if it has one (section 3.3.2.3.4)."""
        alias = packet.properties.topic_alias
        if alias is None:
            return packet.topic
        if alias > self._exchange.limits.topic_aliases:
            raise MqttError(reasons.TOPIC_ALIAS_INVALID, "a topic alias beyond the maximum")
        if packet.topic:
            # Too long to be allowed is too long to be remembered.
            self._aliases[alias] = packet.topic[: self._exchange.limits.topic_length + 1]
            return packet.topic
        if alias not in self._aliases:
            raise protocol_error("a topic alias that was never given a topic")
        return self._aliases[alias]

    def subscribe(self, session: Session, packet: shapes.Subscribe) -> None:
        """Grant or refuse each filter by itself, then send the last words on what is granted."""
        exchange = self._exchange
        identifiers = packet.properties.subscription_identifiers
        codes = []
        wanted = {}
        for wish in packet.subscriptions:
            code, is_new = exchange.subscribe(session, wish, identifiers)
            codes.append(code)
            if code < 0x80 and wants_last_words(wish, is_new):
                wanted[wish.topic_filter] = (code, wish.no_local)
        self._send(codec.encode(shapes.SubAck(packet.packet_id, codes)))
        now = exchange.uptime()
        last_words = [
            (message, min(qos, message.qos), True)
            for topic_filter, (qos, no_local) in wanted.items()
            for message in exchange.retained.find(topic_filter, now, exchange.clock())
            if not (no_local and message.sender == session.device_id)
        ]
        session.take_all(last_words, identifiers, now)

    def unsubscribe(self, session: Session, packet: shapes.Unsubscribe) -> None:
        """Section 3.10."""
        codes = [self._exchange.unsubscribe(session, topic_filter) for topic_filter in packet.topic_filters]
        self._send(codec.encode(shapes.UnsubAck(packet.packet_id, codes)))


def wants_last_words(wish: shapes.Subscription, is_new: bool) -> bool:
    """Retain handling (section 3.8.3.1); a shared subscription gets no retained messages (section 4.8.2)."""
    return (wish.retain_handling == 0 or (wish.retain_handling == 1 and is_new)) and not topics.is_shared(
        wish.topic_filter
    )
