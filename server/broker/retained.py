"""Retained messages: the last word on each topic, bounded in number, bytes and per sender (MQTT 5 section 3.3.1.3).

One lives until its message expiry or its sender's token ends, whichever is first (RFC 9431 section 5); a newer token of
the same sign-in carries it on.
"""

import heapq
from collections import Counter
from collections.abc import Iterator

from server.broker.limits import Limits
from server.broker.message import Message
from server.broker.port import Admission
from server.broker.tree import Tree


class RetainedFull(Exception):
    """A message could not be retained: a bound of `Limits` is reached."""


class Retained:
    """At most `retained_each` messages of one device; the server's own count towards the totals alone."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: dict[str, Message] = {}
        self._tree: Tree[str, Message] = Tree()
        self._each: Counter[str] = Counter()
        self._bytes_each: Counter[str] = Counter()
        self._expiring: list[tuple[int, str]] = []  # by the broker's own clock
        self._lapsing: list[tuple[int, str]] = []  # by the wall clock
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, message: Message) -> bool:
        """Make it the last word on its topic; an empty payload forgets the topic. False when there is no room."""
        before = self._kept.get(message.topic)
        if not message.payload:
            if before is not None:
                self._forget(before)
            return True
        if not self._has_room(message, before):
            return False
        if before is not None:
            self._forget(before)
        self._kept[message.topic] = message
        self._tree.put(message.topic, message.topic, message)
        self._each[message.sender] += 1
        self._bytes_each[message.sender] += message.size
        self.bytes += message.size
        if message.expires_at is not None:
            heapq.heappush(self._expiring, (message.expires_at, message.topic))
        if message.right is not None:
            heapq.heappush(self._lapsing, (message.right[1], message.topic))
        return True

    def renew(self, admission: Admission) -> None:
        """The device showed a newer token: what it left in the same sign-in lives as long as that."""
        if not self._each.get(admission.device_id):
            return
        for message in self._of(admission.device_id):
            if message.right is not None and message.right[0] == admission.tie:
                if admission.expires_at > message.right[1]:
                    heapq.heappush(self._lapsing, (admission.expires_at, message.topic))
                message.right = (admission.tie, admission.expires_at)

    def _has_room(self, message: Message, before: Message | None) -> bool:
        limits = self._limits
        count = len(self._kept) - (before is not None)
        size = self.bytes - (before.size if before is not None else 0)
        own = self._each[message.sender] - (before is not None and before.sender == message.sender)
        if count >= limits.retained_messages or size + message.size > limits.retained_bytes:
            return False
        if not message.sender:
            return True
        own_bytes = self._bytes_each[message.sender] + message.size
        if before is not None and before.sender == message.sender:
            own_bytes -= before.size
        return own < limits.retained_each and own_bytes <= limits.retained_bytes_each

    def _forget(self, message: Message) -> None:
        del self._kept[message.topic]
        self._tree.drop(message.topic, message.topic)
        self.bytes -= message.size
        self._each[message.sender] -= 1
        self._bytes_each[message.sender] -= message.size
        if not self._each[message.sender]:
            del self._each[message.sender], self._bytes_each[message.sender]

    def forget_of(self, device_id: str) -> None:
        """Forget all that a device left: it was signed out, and nobody else could ever clear it."""
        for message in self._of(device_id):
            self._forget(message)

    def _of(self, device_id: str) -> list[Message]:
        return [message for message in self._tree.beneath(f"v1/{device_id}/#") if message.sender == device_id]

    def find(self, topic_filter: str, now: int, wall: int) -> Iterator[Message]:
        """What a new subscription gets, without what has expired by either clock."""
        if "+" not in topic_filter and "#" not in topic_filter:
            exact = self._kept.get(topic_filter)
            found = iter(() if exact is None else (exact,))
        else:
            found = self._tree.beneath(topic_filter)
        return (message for message in found if not message.is_expired(now) and not has_lapsed(message, wall))

    def sweep(self, now: int, wall: int) -> None:
        """Forget what has expired by either clock."""
        for due, instant in ((self._expiring, now), (self._lapsing, wall)):
            while due and due[0][0] <= instant:
                _, topic = heapq.heappop(due)
                message = self._kept.get(topic)
                if message is not None and (message.is_expired(now) or has_lapsed(message, wall)):
                    self._forget(message)


def has_lapsed(message: Message, wall: int) -> bool:
    """Whether the token that the message rests on has ended."""
    return message.right is not None and wall >= message.right[1]
