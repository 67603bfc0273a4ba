"""What is said on one connection: from CONNECT to DISCONNECT, each packet and its answer (MQTT 5 section 3)."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from device_agent.mqtt.packets import broker as codec
from device_agent.mqtt.packets import reasons, shapes
from device_agent.mqtt.packets.properties import NONE, Properties
from device_agent.mqtt.packets.wire import MqttError, protocol_error
from server.broker import greeting
from server.broker.authentication import Authentication
from server.broker.door import Door
from server.broker.exchange import Exchange
from server.broker.port import METHODS, Admission, Decision, Refusal
from server.broker.session import Session
from server.broker.traffic import Traffic
from server.broker.vigil import Vigil

PINGRESP = codec.encode(shapes.PingResp())


class Wire(Protocol):
    """What a conversation needs of its connection."""

    heard_at: int
    is_congested: bool

    @property
    def peer(self) -> str: ...
    @property
    def is_closed(self) -> bool: ...
    def greeted(self) -> None: ...
    def admitted(self) -> None: ...
    def hold(self, is_held: bool) -> None: ...
    def read_on(self) -> None: ...
    def send(self, data: bytes) -> None: ...
    def soon(self, callback: Callable[[], None]) -> None: ...
    def shut(self, last: bytes = b"") -> None: ...


class Conversation:
    """Nothing is done for a peer before its CONNACK says success; `session` is None until then and after the end."""

    __slots__ = (
        "_authentication",
        "_exchange",
        "_has_begun",
        "_is_leaving",
        "_traffic",
        "_vigil",
        "_wire",
        "is_waiting",
        "maximum_packet_size",
        "receive_maximum",
        "session",
    )

    def __init__(self, exchange: Exchange, door: Door, wire: Wire) -> None:
        self._exchange = exchange
        self._wire = wire
        self._authentication = Authentication(door, wire.send)
        self._traffic = Traffic(exchange, wire.send)
        self._vigil = Vigil(exchange, wire, self._expire, self._time_out)
        self._has_begun = False
        self._is_leaving = False
        self.is_waiting = False
        self.maximum_packet_size = 0
        self.receive_maximum = 0
        self.session: Session | None = None

    # What the connection calls

    def received(self, packet: shapes.Packet) -> None:
        """Act on one packet; MqttError when it does not belong here."""
        session = self.session
        if session is None:
            self._before_success(packet)
        elif isinstance(packet, shapes.Publish):
            refusal = self._traffic.publish(session, packet) if self.is_entitled() else 0
            if refusal:
                self._close(refusal, "this topic is not for this device")
        elif isinstance(packet, shapes.PubAck):
            session.acknowledged(packet.packet_id, self._exchange.uptime())
        elif isinstance(packet, shapes.PingReq):
            if self.is_entitled():
                self._wire.send(PINGRESP)
        elif isinstance(packet, shapes.Subscribe):
            if self.is_entitled():
                self._traffic.subscribe(session, packet)
        elif isinstance(packet, shapes.Unsubscribe):
            self._traffic.unsubscribe(session, packet)
        elif isinstance(packet, shapes.Disconnect):
            self._goodbye(session, packet)
        elif isinstance(packet, shapes.Auth):
            self._authentication.heard(packet, session.admission, partial(self._decide_again, session))
        else:
            raise protocol_error("this packet has no place here")  # a second CONNECT, or the ways of QoS 2

    def broken(self, error: MqttError) -> None:
        """A rule was broken after CONNECT."""
        self._exchange.counters.protocol_errors += 1
        if self.session is None:
            self._turn_away(Refusal(error.reason_code, str(error)))
            return
        self._close(error.reason_code, str(error))

    def pump(self) -> None:
        """The peer reads again."""
        if self.session is not None:
            self.session.pump(self._exchange.uptime())

    def lost(self) -> None:
        """The connection is gone without a DISCONNECT."""
        self._authentication.cancel()
        self._end(with_will=True)

    def stop(self) -> None:
        """The server ends."""
        if self.session is None:
            self._wire.shut()
        else:
            self._close(reasons.SERVER_SHUTTING_DOWN, "the server is shutting down", with_will=False)

    # What the session calls (its Link)

    def send(self, data: bytes) -> None:
        """A frame for the peer."""
        self._wire.send(data)

    def is_congested(self) -> bool:
        """Whether the peer is behind with reading, or about to be closed for it."""
        return self._wire.is_congested or self._is_leaving

    def is_entitled(self) -> bool:
        """Nothing is delivered on a token that has expired, even if the timer has not looked yet."""
        session = self.session
        if session is not None and self._exchange.clock() < session.admission.expires_at:
            return True
        self._wire.soon(self._expire)
        return False

    def evict(self) -> None:
        """In the next turn of the loop, so that a will is never published in the middle of a delivery."""
        if not self._is_leaving:
            self._is_leaving = True
            self._exchange.counters.evicted += 1
            self._wire.soon(lambda: self._close(reasons.QUOTA_EXCEEDED, "messages are not read fast enough"))

    def dismiss(self, reason_code: int) -> None:
        """Closed by the house: taken over, revoked, or by an operator."""
        self._close(reason_code)

    def renewed(self, admission: Admission) -> None:
        """The session stands on a newer token from now on."""
        if self.session is not None:
            self._exchange.change(self.session, admission)
            self._exchange.counters.renewed += 1
            self._vigil.expect_end(admission.expires_at)

    # CONNECT

    def _before_success(self, packet: shapes.Packet) -> None:
        if isinstance(packet, shapes.Disconnect):
            self._wire.shut()
            return
        if isinstance(packet, shapes.Auth):
            self._authentication.heard(packet)
            return
        if not isinstance(packet, shapes.Connect) or self._has_begun:
            raise protocol_error("nothing but AUTH or DISCONNECT before CONNACK")
        self._has_begun = True
        self._wire.greeted()
        method = packet.properties.authentication_method
        if method not in (None, *METHODS):
            self._turn_away(Refusal(reasons.BAD_AUTHENTICATION_METHOD, f"the methods here are {', '.join(METHODS)}"))
            return
        if method is None:  # with a method nothing may follow yet, and what does is noticed (section 3.1.2.11.9)
            self.is_waiting = True
            self._wire.hold(True)
        self._authentication.connect(greeting.hello(packet, self._wire.peer), partial(self._decide, packet))

    def _decide(self, connect: shapes.Connect, answer: Decision) -> None:
        if self._wire.is_closed:
            return
        if isinstance(answer, Admission):
            refusal = greeting.will_refusal(connect, answer, self._exchange.limits)
            if refusal is None:
                self._open(connect, answer)
                return
            answer = refusal
        self._turn_away(answer)

    def _turn_away(self, refusal: Refusal) -> None:
        self._exchange.counters.refused += 1
        self._wire.shut(greeting.turn_away(refusal))

    def _open(self, connect: shapes.Connect, admission: Admission) -> None:
        exchange = self._exchange
        agreed = greeting.terms(connect, exchange.limits)
        self.maximum_packet_size = agreed.maximum_packet_size
        self.receive_maximum = agreed.receive_maximum
        session, is_present = exchange.open(admission, self, connect.clean_start)
        session.link = self
        session.will = connect.will
        session.expiry_for = agreed.session_expiry
        self.session = session
        exchange.counters.admitted += 1
        self._vigil.watch(agreed.keep_alive)
        self._vigil.expect_end(admission.expires_at)
        self._wire.admitted()
        self._wire.send(greeting.welcome(connect, agreed, admission, is_present, exchange.limits))
        session.resume(self, exchange.uptime())
        self.is_waiting = False
        self._wire.hold(False)
        self._wire.read_on()

    # AUTH and DISCONNECT

    def _decide_again(self, session: Session, answer: Decision) -> None:
        """Re-authentication, while messages go on flowing (section 4.12.1)."""
        if self.session is not session:
            return
        if isinstance(answer, Refusal):
            self._close(answer.reason_code, answer.reason)
            return
        self.renewed(answer)
        self._wire.send(self._authentication.accepted())

    def _goodbye(self, session: Session, packet: shapes.Disconnect) -> None:
        expiry = packet.properties.session_expiry_interval
        if expiry is not None:
            if expiry and not session.expiry_for:
                raise protocol_error("a session that was to end with its connection cannot be kept")  # 3.14.2.2.2
            session.expiry_for = min(expiry, self._exchange.limits.session_expiry_seconds)
        self._end(with_will=packet.reason_code != reasons.SUCCESS)
        self._wire.shut()

    # The end

    def _close(self, reason_code: int, text: str = "", with_will: bool = True) -> None:
        """DISCONNECT with the reason, then the end; nothing happens when it is over already."""
        if self.session is None:
            return
        code = farewell_code(reason_code)
        said = greeting.sayable(text)
        frame = codec.encode(shapes.Disconnect(code, Properties(reason_string=said) if said else NONE))
        if len(frame) > self.maximum_packet_size:
            frame = codec.encode(shapes.Disconnect(code))
        self._end(with_will)
        self._wire.shut(frame)

    def _end(self, with_will: bool) -> None:
        session, self.session = self.session, None
        self._vigil.end()
        if session is not None:
            self._exchange.leave(session, self, with_will)

    # Time

    def _expire(self) -> None:
        session = self.session
        if session is not None and self._exchange.clock() >= session.admission.expires_at:
            self._exchange.counters.expired += 1
            self._close(reasons.NOT_AUTHORIZED, "the token has expired")

    def _time_out(self) -> None:
        self._exchange.counters.timed_out += 1
        self._close(reasons.KEEP_ALIVE_TIMEOUT, "nothing was heard for one and a half keep-alives")


def farewell_code(reason_code: int) -> int:
    """The reason code as DISCONNECT knows it: an unavailable server is busy, any other refusal a lack of rights."""
    if reason_code in reasons.OF_BROKER_DISCONNECT:
        return reason_code
    return reasons.SERVER_BUSY if reason_code == reasons.SERVER_UNAVAILABLE else reasons.NOT_AUTHORIZED
