"""The exchange: every session, message and will, without any I/O; time is asked of two clocks (MQTT 5 section 4).

`uptime` never jumps and measures durations; `clock` is the wall clock that tokens expire by. Both in milliseconds.
"""

from collections.abc import Callable

from device_agent.mqtt.packets import reasons
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Subscription, Will
from server.broker import rights
from server.broker.agenda import Agenda
from server.broker.counters import Counters
from server.broker.limits import Limits
from server.broker.message import Message
from server.broker.port import Admission, Listener
from server.broker.retained import Retained
from server.broker.routing import Ear, Line, Routing
from server.broker.session import Link, Session


class Exchange:
    """Opens, leaves and ends sessions; publishes; subscribes; does what falls due."""

    def __init__(self, limits: Limits, clock: Callable[[], int], uptime: Callable[[], int]) -> None:
        self.limits = limits
        self.clock = clock
        self.uptime = uptime
        self.counters = Counters()
        self.durations = Agenda()  # by uptime
        self.expiries = Agenda()  # by the wall clock
        self.retained = Retained(limits)
        self.sessions: dict[str, Session] = {}
        self._routing = Routing()
        self._ties: dict[str, set[str]] = {}
        self._away: dict[str, None] = {}  # sessions without a link, longest away first

    def tick(self) -> None:
        """Do what is due: keep-alive, expiry, delayed wills, sessions and retained messages that end."""
        self.expiries.run(self.clock())
        now = self.uptime()
        self.durations.run(now)
        self.retained.sweep(now, self.clock())

    # Sessions

    def open(self, admission: Admission, link: Link, clean_start: bool) -> tuple[Session, bool]:
        """The session for an admitted device, and whether it stood before; another connection of it is taken over.

        A session of an earlier sign-in ends: what waited for its owner is not for the next one.
        """
        old = self.sessions.get(admission.device_id)
        if old is not None and old.link is not None:
            self.counters.taken_over += 1
            old.link.dismiss(reasons.SESSION_TAKEN_OVER)
            old = self.sessions.get(admission.device_id)
        if old is not None and (clean_start or old.admission.tie != admission.tie):
            self.end(old)
            old = None
        if old is None:
            session = Session(admission, self.limits, self.counters)
            self.sessions[admission.device_id] = session
            self._tie(admission)
            self.retained.renew(admission)
            return session, False
        self._stay(old)
        self.change(old, admission)
        return old, True

    def _stay(self, session: Session) -> None:
        """It came back in time: neither its end nor its will (section 3.1.3.2.2)."""
        self._away.pop(session.device_id, None)
        for entry in (session.ending, session.will_due):
            if entry is not None:
                entry.cancel()
        session.ending = session.will_due = session.will = None

    def change(self, session: Session, admission: Admission) -> None:
        """A new admission of the same device: subscriptions that it no longer covers end, and what waited for them."""
        before = session.admission.subscribe
        self._untie(session.admission)
        session.admission = admission
        self._tie(admission)
        self.retained.renew(admission)
        if admission.subscribe == before:
            return
        for topic_filter in list(session.subscriptions):
            if rights.subscribe_refusal(admission, topic_filter, self.limits):
                self.unsubscribe(session, topic_filter)
        session.forget(lambda topic: not rights.may_read(admission, topic))

    def leave(self, session: Session, link: Link, with_will: bool) -> None:
        """A connection is gone. The session stays for `expiry_for` seconds, its will waits for its delay at most."""
        if session.link is not link:
            return
        session.link = None
        if not with_will:
            session.will = None
        if not session.expiry_for:
            self.end(session)
            return
        now = self.uptime()
        self._away[session.device_id] = None
        session.ending = self.durations.put(now + session.expiry_for * 1000, lambda: self.end(session))
        if session.will is not None:
            delay = session.will.properties.will_delay_interval or 0
            if delay:
                session.will_due = self.durations.put(now + delay * 1000, lambda: self._publish_will(session))
            else:
                self._publish_will(session)
        if len(self._away) > self.limits.sessions_away:
            self.end(self.sessions[next(iter(self._away))])

    def end(self, session: Session) -> None:
        """Forget a session that has no connection; its will is published now at the latest (section 3.1.2.5)."""
        if self.sessions.get(session.device_id) is not session:
            return
        del self.sessions[session.device_id]
        self._away.pop(session.device_id, None)
        self._untie(session.admission)
        for topic_filter in session.subscriptions:
            self._routing.drop(topic_filter, session)
        if session.ending is not None:
            session.ending.cancel()
        self._publish_will(session)

    def tied(self, device_id_or_tie: str) -> list[Session]:
        """The sessions of a device or of a sign-in, connected or not."""
        names = self._ties.get(device_id_or_tie, set()) | {device_id_or_tie}
        return [self.sessions[name] for name in sorted(names) if name in self.sessions]

    def _tie(self, admission: Admission) -> None:
        if admission.tie:
            self._ties.setdefault(admission.tie, set()).add(admission.device_id)

    def _untie(self, admission: Admission) -> None:
        names = self._ties.get(admission.tie)
        if names is not None:
            names.discard(admission.device_id)
            if not names:
                del self._ties[admission.tie]

    # Messages

    def publish(self, message: Message) -> tuple[int, int]:
        """(how many took it, 0 or the reason code that refuses it): 0x97 when it cannot be retained any more.

        At QoS 0 a device's message that cannot be retained is delivered all the same, for nobody could be told.
        """
        if message.retain and not self.retained.keep(message):
            self.counters.messages_dropped += 1
            if message.qos or not message.sender:
                return 0, reasons.QUOTA_EXCEEDED
        return self._routing.give(message, self.uptime())

    def _publish_will(self, session: Session) -> None:
        """With the rights that the session had: they were checked when it connected."""
        will, session.will = session.will, None
        if session.will_due is not None:
            session.will_due.cancel()
            session.will_due = None
        if will is None:
            return
        self.counters.wills += 1
        message = self._message_of(will, session.admission)
        if message.retain and not self.retained.keep(message):
            self.counters.messages_dropped += 1
        self._routing.give(message, self.uptime())

    def _message_of(self, will: Will, admission: Admission) -> Message:
        """A will as a message of its device, from now on like any other."""
        return Message(
            will.topic,
            will.payload,
            will.qos,
            will.retain,
            self.uptime(),
            without_delay(will.properties),
            admission.device_id,
            admission.token,
            (admission.tie, admission.expires_at),
        )

    def subscribe(self, session: Session, wish: Subscription, identifiers: tuple[int, ...]) -> tuple[int, bool]:
        """(granted QoS or the reason code of a refusal, whether the subscription is new)."""
        topic_filter = wish.topic_filter
        refusal = rights.subscribe_refusal(session.admission, topic_filter, self.limits)
        if refusal:
            return refusal, False
        is_new = topic_filter not in session.subscriptions
        if is_new and len(session.subscriptions) >= self.limits.subscriptions:
            return reasons.QUOTA_EXCEEDED, False
        line = Line(session, wish, identifiers, session.device_id)
        session.subscriptions[topic_filter] = line
        self._routing.add(topic_filter, session, line)
        return line.qos, is_new

    def unsubscribe(self, session: Session, topic_filter: str) -> int:
        """The reason code for UNSUBACK."""
        if session.subscriptions.pop(topic_filter, None) is None:
            return reasons.NO_SUBSCRIPTION_EXISTED
        self._routing.drop(topic_filter, session)
        return reasons.SUCCESS

    def listen(self, topic_filter: str, callback: Listener) -> Callable[[], None]:
        """Call back for each message under this filter; what is returned ends it."""
        ear = Ear(callback)
        self._routing.add(topic_filter, ear, Line(ear, Subscription(topic_filter, 1, retain_as_published=True)))
        return lambda: self._routing.drop(topic_filter, ear)


def without_delay(properties: Properties) -> Properties:
    """The properties of a will that belong to its message."""
    if properties.will_delay_interval is None:
        return properties
    return Properties(**{name: value for name, value in properties.items() if name != "will_delay_interval"})
