"""The fifteen packets as plain values (MQTT 5 section 3). Reading and writing them is elsewhere."""

from .properties import NONE, Properties

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = 8, 9, 10, 11, 12, 13, 14, 15


class Packet:
    """Any packet; `kind` is its type number (table 2-1). A value: change nothing once it is built."""

    kind = 0
    shown: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.kind)

    def __repr__(self) -> str:
        # Only harmless fields: a password or a payload must not reach a log.
        return (
            type(self).__name__ + "(" + ", ".join([name + "=" + repr(getattr(self, name)) for name in self.shown]) + ")"
        )


class Will:
    """The message that the broker publishes when the connection ends without a DISCONNECT (section 3.1.2.5)."""

    def __init__(
        self, topic: str, payload: bytes = b"", qos: int = 0, retain: bool = False, properties: Properties = NONE
    ) -> None:
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Will) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.topic)


class Connect(Packet):
    """Section 3.1. `keep_alive` is in seconds, 0 for none; a Will brings its own properties."""

    kind = CONNECT
    shown = ("client_id", "clean_start", "keep_alive")

    def __init__(
        self,
        client_id: str = "",
        username: str | None = None,
        password: bytes | None = None,
        clean_start: bool = True,
        keep_alive: int = 60,
        will: Will | None = None,
        properties: Properties = NONE,
    ) -> None:
        self.client_id = client_id
        self.username = username
        self.password = password
        self.clean_start = clean_start
        self.keep_alive = keep_alive
        self.will = will
        self.properties = properties


class ConnAck(Packet):
    """Section 3.2."""

    kind = CONNACK
    shown = ("session_present", "reason_code")

    def __init__(self, session_present: bool = False, reason_code: int = 0, properties: Properties = NONE) -> None:
        self.session_present = session_present
        self.reason_code = reason_code
        self.properties = properties


class Publish(Packet):
    """Section 3.3. `packet_id` is 0 at QoS 0; an empty topic needs a topic alias."""

    kind = PUBLISH
    shown = ("topic", "qos", "retain", "dup", "packet_id")

    def __init__(
        self,
        topic: str,
        payload: bytes = b"",
        qos: int = 0,
        retain: bool = False,
        packet_id: int = 0,
        dup: bool = False,
        properties: Properties = NONE,
    ) -> None:
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.packet_id = packet_id
        self.dup = dup
        self.properties = properties


class Ack(Packet):
    """What PUBACK, PUBREC, PUBREL and PUBCOMP share (sections 3.4 to 3.7)."""

    shown = ("packet_id", "reason_code")

    def __init__(self, packet_id: int, reason_code: int = 0, properties: Properties = NONE) -> None:
        self.packet_id = packet_id
        self.reason_code = reason_code
        self.properties = properties


class PubAck(Ack):
    """Section 3.4."""

    kind = PUBACK


class PubRec(Ack):
    """Section 3.5."""

    kind = PUBREC


class PubRel(Ack):
    """Section 3.6."""

    kind = PUBREL


class PubComp(Ack):
    """Section 3.7."""

    kind = PUBCOMP


class Subscription:
    """One line of a SUBSCRIBE: a topic filter and its options (section 3.8.3.1)."""

    def __init__(
        self,
        topic_filter: str,
        qos: int = 0,
        no_local: bool = False,
        retain_as_published: bool = False,
        retain_handling: int = 0,
    ) -> None:
        self.topic_filter = topic_filter
        self.qos = qos
        self.no_local = no_local
        self.retain_as_published = retain_as_published
        self.retain_handling = retain_handling

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Subscription) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.topic_filter)


class Subscribe(Packet):
    """Section 3.8."""

    kind = SUBSCRIBE
    shown = ("packet_id",)

    def __init__(self, packet_id: int, subscriptions: list[Subscription], properties: Properties = NONE) -> None:
        self.packet_id = packet_id
        self.subscriptions = subscriptions
        self.properties = properties


class Answers(Packet):
    """What SUBACK and UNSUBACK share: a reason code for each filter asked, in order."""

    shown = ("packet_id", "reason_codes")

    def __init__(self, packet_id: int, reason_codes: list[int], properties: Properties = NONE) -> None:
        self.packet_id = packet_id
        self.reason_codes = reason_codes
        self.properties = properties


class SubAck(Answers):
    """Section 3.9."""

    kind = SUBACK


class Unsubscribe(Packet):
    """Section 3.10."""

    kind = UNSUBSCRIBE
    shown = ("packet_id", "topic_filters")

    def __init__(self, packet_id: int, topic_filters: list[str], properties: Properties = NONE) -> None:
        self.packet_id = packet_id
        self.topic_filters = topic_filters
        self.properties = properties


class UnsubAck(Answers):
    """Section 3.11."""

    kind = UNSUBACK


class PingReq(Packet):
    """Section 3.12."""

    kind = PINGREQ


class PingResp(Packet):
    """Section 3.13."""

    kind = PINGRESP


class Ending(Packet):
    """What DISCONNECT and AUTH share: a reason code and properties, both left out when there is nothing to say."""

    shown = ("reason_code",)

    def __init__(self, reason_code: int = 0, properties: Properties = NONE) -> None:
        self.reason_code = reason_code
        self.properties = properties


class Disconnect(Ending):
    """Section 3.14."""

    kind = DISCONNECT


class Auth(Ending):
    """Section 3.15."""

    kind = AUTH
