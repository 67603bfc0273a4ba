"""One application message on its way: what all receivers share, and the frame for each (MQTT 5 section 3.3)."""

from device_agent.mqtt.packets.properties import NONE, OF_BROKER_PUBLISH, Properties, put_properties
from device_agent.mqtt.packets.wire import put_variable_int

# Passed on unchanged (section 3.3.2.3). Expiry counts down; alias and identifiers belong to one connection.
UNCHANGED = ("payload_format_indicator", "content_type", "response_topic", "correlation_data", "user_properties")


class Message:
    """`expires_at` is an instant of the broker's own clock or None; `sender` is a device id, "" for the server.

    `right` is what the sender's token rests on: its sign-in, and the wall clock's instant at which it ends; the server
    needs none.
    """

    __slots__ = (
        "_fixed",
        "_plain",
        "_topic",
        "expires_at",
        "payload",
        "properties",
        "qos",
        "retain",
        "right",
        "sender",
        "token",
        "topic",
    )

    def __init__(
        self,
        topic: str,
        payload: bytes,
        qos: int,
        retain: bool,
        now: int,
        properties: Properties = NONE,
        sender: str = "",
        token: str = "",
        right: tuple[str, int] | None = None,
    ) -> None:
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties
        self.sender = sender
        self.token = token
        self.right = right
        expiry = properties.message_expiry_interval
        self.expires_at = None if expiry is None else now + expiry * 1000
        self._fixed: bytes | None = b"" if properties is NONE else None
        self._topic = b""
        self._plain = b""

    @property
    def size(self) -> int:
        """About what it weighs while it is kept."""
        return len(self.topic) + len(self.payload) + len(self._properties()) + 256

    def is_expired(self, now: int) -> bool:
        """Whether a receiver would come too late (section 3.3.2.3.3)."""
        return self.expires_at is not None and now >= self.expires_at

    def frame(self, qos: int, retain: bool, dup: bool, packet_id: int, identifiers: tuple[int, ...], now: int) -> bytes:
        """A PUBLISH for one receiver; the message expiry is what is left of it."""
        is_plain = not qos and not retain and not identifiers and self.expires_at is None
        if is_plain and self._plain:
            return self._plain
        own = self._properties()
        if self.expires_at is not None:
            own += b"\x02" + max(0, (self.expires_at - now + 999) // 1000).to_bytes(4, "big")
        for identifier in identifiers:
            own += b"\x0b" + put_variable_int(identifier)
        if not self._topic:
            raw = self.topic.encode()
            self._topic = len(raw).to_bytes(2, "big") + raw
        head = self._topic + packet_id.to_bytes(2, "big") if qos else self._topic
        length = put_variable_int(len(own))
        size = put_variable_int(len(head) + len(length) + len(own) + len(self.payload))
        first = bytes((0x30 | dup << 3 | qos << 1 | retain,))
        frame = b"".join((first, size, head, length, own, self.payload))
        if is_plain:
            self._plain = frame
        return frame

    def _properties(self) -> bytes:
        """The unchanged properties without their length, encoded once."""
        if self._fixed is None:
            said = self.properties
            raw = put_properties(Properties(**{name: getattr(said, name) for name in UNCHANGED}), OF_BROKER_PUBLISH)
            self._fixed = without_length(raw)
        return self._fixed


def without_length(raw: bytes) -> bytes:
    """Properties without the variable byte integer before them."""
    at = 0
    while raw[at] & 0x80:
        at += 1
    return raw[at + 1 :]
