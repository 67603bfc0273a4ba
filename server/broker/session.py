"""One device's session: what it subscribed to, what waits for it, what it has not acknowledged (MQTT 5 section 4.1)."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from device_agent.mqtt.packets.shapes import Will
from server.broker.agenda import Entry
from server.broker.counters import Counters
from server.broker.limits import Limits
from server.broker.message import Message
from server.broker.port import Admission


class Link(Protocol):
    """The connection under a session."""

    maximum_packet_size: int
    receive_maximum: int

    def send(self, data: bytes) -> None:
        """Write, or keep until the peer takes it."""

    def is_congested(self) -> bool:
        """Whether the peer is behind with reading."""

    def is_entitled(self) -> bool:
        """Whether the token still holds; if not, the link closes itself soon."""

    def evict(self) -> None:
        """Close soon: too slow (0x97)."""

    def dismiss(self, reason_code: int) -> None:
        """Close now; the will is published."""


class Delivery:
    """A QoS 1 message for one session; `packet_id` is 0 until it is sent."""

    __slots__ = ("identifiers", "message", "packet_id", "retain")

    def __init__(self, message: Message, retain: bool, identifiers: tuple[int, ...]) -> None:
        self.message = message
        self.retain = retain
        self.identifiers = identifiers
        self.packet_id = 0


class Session:
    """Sends while a link is there, keeps QoS 1 messages while it is not; bounded both ways."""

    __slots__ = (
        "_queue",
        "_queue_bytes",
        "admission",
        "counters",
        "ending",
        "expiry_for",
        "inflight",
        "last_id",
        "limits",
        "link",
        "subscriptions",
        "will",
        "will_due",
    )

    def __init__(self, admission: Admission, limits: Limits, counters: Counters) -> None:
        self.admission = admission
        self.limits = limits
        self.counters = counters
        self.link: Link | None = None
        self.subscriptions: dict[str, object] = {}
        self.inflight: dict[int, Delivery] = {}
        self.last_id = 0
        self.expiry_for = 0  # seconds that it outlives its connection
        self.will: Will | None = None
        self.will_due: Entry | None = None
        self.ending: Entry | None = None
        self._queue: deque[Delivery] | None = None
        self._queue_bytes = 0

    @property
    def device_id(self) -> str:
        """Device id, user name and client id are the same."""
        return self.admission.device_id

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._queue) if self._queue else 0

    def take(self, message: Message, qos: int, retain: bool, identifiers: tuple[int, ...], now: int) -> bool:
        """Send or keep a message; False when it was neither, so that a QoS 0 message for somebody away is lost."""
        link = self.link
        is_here = link is not None and link.is_entitled()
        if qos == 0:
            if link is None or not is_here:
                return False
            if link.is_congested():
                self.counters.messages_dropped += 1
                return False
            return self._send(link, message.frame(0, retain, False, 0, identifiers, now))
        if not is_here and not self.expiry_for:
            return False
        delivery = Delivery(message, retain, identifiers)
        if link is not None and is_here and not self._queue and self._has_window(link):
            return self._start(link, delivery, now)
        return self._keep(delivery)

    def take_all(self, messages: list[tuple[Message, int, bool]], identifiers: tuple[int, ...], now: int) -> None:
        """Retained messages for a new subscription: they are kept anyway, so only their number is not bounded here."""
        if self.waiting > self.limits.queue_messages:
            return
        for message, qos, retain in messages:
            if qos == 0:
                self.take(message, 0, retain, identifiers, now)
            else:
                self._line().append(Delivery(message, retain, identifiers))
                self._queue_bytes += message.size
        self.pump(now)

    def acknowledged(self, packet_id: int, now: int) -> None:
        """PUBACK, whatever its reason code: it is the end of that message (section 3.4)."""
        if self.inflight.pop(packet_id, None) is not None and self._queue:
            self.pump(now)

    def forget(self, is_forbidden: Callable[[str], bool]) -> None:
        """Forget what waits under topics that are not for this device any more (RFC 9431 section 2.2.1)."""
        for packet_id in [one for one, sent in self.inflight.items() if is_forbidden(sent.message.topic)]:
            del self.inflight[packet_id]
        if self._queue:
            self._queue = deque(each for each in self._queue if not is_forbidden(each.message.topic))
            self._queue_bytes = sum(each.message.size for each in self._queue)

    def resume(self, link: Link, now: int) -> None:
        """A new connection: first what was not acknowledged, in order and under the same identifiers (section 4.4)."""
        self.link = link
        if self.inflight:
            again = list(self.inflight.values())
            self.inflight.clear()
            self._line().extendleft(reversed(again))
            self._queue_bytes += sum(delivery.message.size for delivery in again)
        self.pump(now)

    def pump(self, now: int) -> None:
        """Send what waits, as far as the token, receive maximum and the peer's reading allow."""
        link = self.link
        if not self._queue or link is None or not link.is_entitled():
            return
        while self._queue and self._has_window(link):
            delivery = self._queue.popleft()
            self._queue_bytes -= delivery.message.size
            if not delivery.packet_id and delivery.message.is_expired(now):
                self.counters.messages_dropped += 1
                continue
            self._start(link, delivery, now)
        if not self._queue:
            self._queue = None

    def _has_window(self, link: Link) -> bool:
        return len(self.inflight) < link.receive_maximum and not link.is_congested()

    def _line(self) -> deque[Delivery]:
        if self._queue is None:
            self._queue = deque()
        return self._queue

    def _keep(self, delivery: Delivery) -> bool:
        size = delivery.message.size
        if self.waiting >= self.limits.queue_messages or self._queue_bytes + size > self.limits.queue_bytes:
            self.counters.messages_dropped += 1
            if self.link is not None and self.link.is_congested():
                self.link.evict()
            return False
        self._line().append(delivery)
        self._queue_bytes += size
        return True

    def _start(self, link: Link, delivery: Delivery, now: int) -> bool:
        is_again = delivery.packet_id != 0
        if not is_again:
            delivery.packet_id = self._next_id()
        frame = delivery.message.frame(1, delivery.retain, is_again, delivery.packet_id, delivery.identifiers, now)
        if not self._send(link, frame):
            return False
        self.inflight[delivery.packet_id] = delivery
        return True

    def _send(self, link: Link, frame: bytes) -> bool:
        if len(frame) > link.maximum_packet_size:  # section 3.1.2.11.4: as if it had been delivered
            self.counters.messages_dropped += 1
            return False
        self.counters.messages_out += 1
        link.send(frame)
        return True

    def _next_id(self) -> int:
        packet_id = self.last_id % 65_535 + 1
        while packet_id in self.inflight:
            packet_id = packet_id % 65_535 + 1
        self.last_id = packet_id
        return packet_id
