"""Who gets a message: subscriptions, shared subscriptions and in-process listeners (MQTT 5 sections 3.3.4 and 4.8)."""

import logging
from typing import Protocol

from device_agent.mqtt import topics
from device_agent.mqtt.packets import reasons
from device_agent.mqtt.packets.shapes import Subscription
from server.broker.message import Message
from server.broker.port import Listener, Received
from server.broker.session import Session
from server.broker.tree import Tree

logger = logging.getLogger(__name__)


class Taker(Protocol):
    """Who can be given a message."""

    def take(self, message: Message, qos: int, retain: bool, identifiers: tuple[int, ...], now: int) -> bool:
        """Whether it was taken, to be sent now or later."""
        ...


class Ear:
    """An in-process listener; `refusal` is the reason code of its last answer."""

    __slots__ = ("callback", "refusal")

    def __init__(self, callback: Listener) -> None:
        self.callback = callback
        self.refusal = 0

    def take(self, message: Message, qos: int, retain: bool, identifiers: tuple[int, ...], now: int) -> bool:
        """Hand it over; a reason code of 0x80 or more refuses it, and so does a listener that fails (0x83)."""
        received = Received(
            message.topic,
            message.payload,
            message.qos,
            message.retain,
            message.sender,
            message.token,
            message.properties,
        )
        try:
            said = self.callback(received)
        except Exception as error:
            # Its words may hold what the message held; the type is enough to look for it.
            logger.error("a listener failed with %s", type(error).__name__)
            said = reasons.IMPLEMENTATION_SPECIFIC_ERROR
        self.refusal = said if said is not None and said >= 0x80 else 0
        return not self.refusal


class Line:
    """One subscription: who takes, and with which options."""

    __slots__ = ("identifiers", "no_local_for", "qos", "retain_as_published", "taker")

    def __init__(
        self, taker: Taker, wish: Subscription, identifiers: tuple[int, ...] = (), device_id: str = ""
    ) -> None:
        self.taker = taker
        self.qos = min(wish.qos, 1)  # Maximum QoS 1 is announced in CONNACK
        self.retain_as_published = wish.retain_as_published
        self.no_local_for = device_id if wish.no_local else ""
        self.identifiers = identifiers


class Share:
    """The members of one share name and filter take turns; one who cannot take passes it on."""

    __slots__ = ("members", "turn")

    def __init__(self) -> None:
        self.members: dict[object, Line] = {}
        self.turn = 0

    def give(self, message: Message, now: int) -> bool:
        """To one member: first to somebody connected, else to a session that keeps it."""
        lines = list(self.members.values())
        self.turn = (self.turn + 1) % len(lines)
        order = lines[self.turn :] + lines[: self.turn]
        order.sort(key=lambda line: isinstance(line.taker, Session) and line.taker.link is None)
        return any(
            line.taker.take(
                message, min(line.qos, message.qos), message.retain and line.retain_as_published, line.identifiers, now
            )
            for line in order
        )


class Routing:
    """The subscriptions of everybody, by filter."""

    def __init__(self) -> None:
        self._tree: Tree[object, Line | Share] = Tree()
        self._shares: dict[str, Share] = {}

    def add(self, topic_filter: str, key: object, line: Line) -> None:
        """Add or replace the subscription of `key` (a session or a listener) to this filter."""
        pair = topics.share(topic_filter)
        if pair is None:
            self._tree.put(topic_filter, key, line)
            return
        share = self._shares.get(topic_filter)
        if share is None:
            share = self._shares[topic_filter] = Share()
            self._tree.put(pair[1], topic_filter, share)
        share.members[key] = line

    def drop(self, topic_filter: str, key: object) -> None:
        """Remove the subscription of `key` to this filter."""
        pair = topics.share(topic_filter)
        if pair is None:
            self._tree.drop(topic_filter, key)
            return
        share = self._shares.get(topic_filter)
        if share is None:
            return
        share.members.pop(key, None)
        if not share.members:
            del self._shares[topic_filter]
            self._tree.drop(pair[1], topic_filter)

    def give(self, message: Message, now: int) -> tuple[int, int]:
        """(how many took it, reason code of a listener that refused it or 0). Each taker gets it once."""
        found = self._tree.matching(message.topic)
        if len(found) > 1:
            found = merged(found, message)
        taken = refusal = 0
        for line in found:
            if isinstance(line, Share):
                taken += line.give(message, now)
            elif not line.no_local_for or line.no_local_for != message.sender:
                retain = message.retain and line.retain_as_published
                taken += line.taker.take(message, min(line.qos, message.qos), retain, line.identifiers, now)
                if isinstance(line.taker, Ear):
                    refusal = refusal or line.taker.refusal
        return taken, refusal


def merged(found: list[Line | Share], message: Message) -> list[Line | Share]:
    """One line for each taker: the highest QoS of its overlapping subscriptions and all their identifiers (3.3.4)."""
    shares: list[Line | Share] = []
    lines: dict[int, Line] = {}
    for line in found:
        if isinstance(line, Share):
            shares.append(line)
            continue
        if line.no_local_for and line.no_local_for == message.sender:
            continue
        before = lines.get(id(line.taker))
        if before is not None:
            wish = Subscription(
                "",
                max(before.qos, line.qos),
                retain_as_published=before.retain_as_published or line.retain_as_published,
            )
            line = Line(line.taker, wish, before.identifiers + line.identifiers)
        lines[id(line.taker)] = line
    return shares + list(lines.values())
