"""What is said on one connection: from CONNECT to DISCONNECT, each packet and its answer (MQTT 5 section 3)."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from device_agent.mqtt.packets import broker as codec
from device_agent.mqtt.packets import reasons, shapes
from device_agent.mqtt.packets.properties import NONE, Properties
from device_agent.mqtt.packets.wire import MqttError, protocol_error
from server.broker import greeting
from server.broker.agenda import Entry
from server.broker.door import Door
from server.broker.exchange import Exchange
from server.broker.port import METHOD, Admission, Refusal
from server.broker.session import Session
from server.broker.traffic import Traffic

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
        "_door",
        "_exchange",
        "_expiry",
        "_is_leaving",
        "_keep_alive",
        "_keep_alive_for",
        "_method",
        "_task",
        "_traffic",
        "_wire",
        "is_waiting",
        "maximum_packet_size",
        "receive_maximum",
        "session",
    )

    def __init__(self, exchange: Exchange, door: Door, wire: Wire) -> None:
        self._exchange = exchange
        self._door = door
        self._wire = wire
        self._task: asyncio.Task[None] | None = None
        self._traffic = Traffic(exchange, wire.send)
        self._expiry: Entry | None = None
        self._keep_alive: Entry | None = None
        self._keep_alive_for = 0
        self._is_leaving = False
        self._method: str | None = None
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
            self._wire.send(PINGRESP)
        elif isinstance(packet, shapes.Subscribe):
            if self.is_entitled():
                self._traffic.subscribe(session, packet)
        elif isinstance(packet, shapes.Unsubscribe):
            self._traffic.unsubscribe(session, packet)
        elif isinstance(packet, shapes.Disconnect):
            self._goodbye(session, packet)
        elif isinstance(packet, shapes.Auth):
            self._authenticate(session, packet)
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
        if self._task is not None:
            self._task.cancel()
            self._task = None
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
            self._watch_expiry(admission)

    # CONNECT

    def _before_success(self, packet: shapes.Packet) -> None:
        if isinstance(packet, shapes.Disconnect):
            self._wire.shut()
            return
        if not isinstance(packet, shapes.Connect) or self._task is not None:
            raise protocol_error("nothing but AUTH or DISCONNECT before CONNACK")
        self._wire.greeted()
        self._method = packet.properties.authentication_method
        if self._method not in (None, METHOD):
            self._turn_away(Refusal(reasons.BAD_AUTHENTICATION_METHOD, f"the method here is {METHOD}"))
            return
        if self._method is None:  # with a method nothing may follow yet, and what does is noticed (section 3.1.2.11.9)
            self.is_waiting = True
            self._wire.hold(True)
        self._task = asyncio.get_running_loop().create_task(self._admit(packet))

    async def _admit(self, connect: shapes.Connect) -> None:
        answer = await self._door.admit(greeting.hello(connect, self._wire.peer))
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
        self._keep_alive_for = agreed.keep_alive * 1500
        self._watch_keep_alive()
        self._watch_expiry(admission)
        self._wire.admitted()
        self._wire.send(greeting.welcome(connect, agreed, admission, is_present, exchange.limits))
        session.resume(self, exchange.uptime())
        self._task = None
        self.is_waiting = False
        self._wire.hold(False)
        self._wire.read_on()

    # AUTH and DISCONNECT

    def _authenticate(self, session: Session, packet: shapes.Auth) -> None:
        """Re-authentication with the method of CONNECT, while messages go on flowing (section 4.12.1)."""
        said = packet.properties
        if self._method is None:
            raise protocol_error("AUTH needs an authentication method in CONNECT")
        if said.authentication_method != self._method or packet.reason_code != reasons.RE_AUTHENTICATE:
            raise protocol_error("re-authentication is AUTH 0x19 with the method of CONNECT")
        if self._task is not None:
            raise protocol_error("the last re-authentication has not been answered yet")
        if said.authentication_data is None:
            self._close(reasons.NOT_AUTHORIZED, "send the new token as authentication data")
            return
        self._task = asyncio.get_running_loop().create_task(self._renew(session, said.authentication_data))

    async def _renew(self, session: Session, token: bytes) -> None:
        answer = await self._door.renew(session.admission, token)
        if self.session is not session:
            return
        self._task = None
        if isinstance(answer, Refusal):
            self._close(answer.reason_code, answer.reason)
            return
        self.renewed(answer)
        said = Properties(authentication_method=self._method)
        self._wire.send(codec.encode(shapes.Auth(reasons.SUCCESS, said)))

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
        for entry in (self._expiry, self._keep_alive):
            if entry is not None:
                entry.cancel()
        if session is not None:
            self._exchange.leave(session, self, with_will)

    # Time

    def _watch_expiry(self, admission: Admission) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = self._exchange.expiries.put(admission.expires_at, self._expire)

    def _expire(self) -> None:
        session = self.session
        if session is not None and self._exchange.clock() >= session.admission.expires_at:
            self._exchange.counters.expired += 1
            self._close(reasons.NOT_AUTHORIZED, "the token has expired")

    def _watch_keep_alive(self) -> None:
        due_at = self._wire.heard_at + self._keep_alive_for
        now = self._exchange.uptime()
        if due_at <= now and not self._wire.is_congested:
            self._exchange.counters.timed_out += 1
            self._close(reasons.KEEP_ALIVE_TIMEOUT, "nothing was heard for one and a half keep-alives")
            return
        self._keep_alive = self._exchange.durations.put(max(due_at, now + 1), self._watch_keep_alive)


def farewell_code(reason_code: int) -> int:
    """The reason code as DISCONNECT knows it: an unavailable server is busy, any other refusal a lack of rights."""
    if reason_code in reasons.OF_BROKER_DISCONNECT:
        return reason_code
    return reasons.SERVER_BUSY if reason_code == reasons.SERVER_UNAVAILABLE else reasons.NOT_AUTHORIZED
