"""One connection as bytes: cuts packets, batches writes, notices a slow reader. What packets mean is elsewhere."""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from device_agent.mqtt.packets import broker as codec
from device_agent.mqtt.packets import reasons
from device_agent.mqtt.packets.wire import MqttError
from server.broker.agenda import Entry
from server.broker.conversation import Conversation
from server.broker.door import Door
from server.broker.exchange import Exchange

FLUSH_AT = 65_536
V5_CONNECT = b"\x00\x04MQTT\x05"


class Crowd:
    """Every connection there is; `is_empty` is set while there is none."""

    def __init__(self) -> None:
        self.here: set[Connection] = set()
        self.is_empty = asyncio.Event()
        self.is_empty.set()

    def add(self, connection: "Connection") -> None:
        """One more."""
        self.here.add(connection)
        self.is_empty.clear()

    def discard(self, connection: "Connection") -> None:
        """One less."""
        self.here.discard(connection)
        if not self.here:
            self.is_empty.set()


class Connection(asyncio.Protocol):
    """The driver: asyncio below, a conversation above."""

    __slots__ = (
        "_batch",
        "_batch_bytes",
        "_closing",
        "_deadline",
        "_decoder",
        "_exchange",
        "_is_held",
        "_loop",
        "_others",
        "_speaks_v5",
        "_talk",
        "_transport",
        "heard_at",
        "is_congested",
    )

    def __init__(self, exchange: Exchange, door: Door, others: "Crowd") -> None:
        self._exchange = exchange
        self._loop = asyncio.get_running_loop()
        self._decoder = codec.decoder(exchange.limits.connect_bytes)
        self._talk = Conversation(exchange, door, self)
        self._transport: asyncio.Transport | None = None
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._closing: Entry | None = None
        self._deadline: Entry | None = None
        self._is_held = False
        self._speaks_v5 = False
        self._others = others
        self.heard_at = 0
        self.is_congested = False

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer is there; it has `connect_for` to say who it is."""
        transport = cast(asyncio.Transport, transport)
        self._transport = transport
        counters, limits = self._exchange.counters, self._exchange.limits
        counters.accepted += 1
        counters.connections += 1
        self._others.add(self)
        plain = transport.get_extra_info("socket")
        if plain is not None and plain.family != socket.AF_UNIX:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # Nagle costs 40 ms a call
        if len(self._others.here) > limits.connections:
            counters.refused += 1
            self.shut()
            return
        transport.set_write_buffer_limits(high=limits.outgoing_bytes)
        self.heard_at = self._exchange.uptime()
        self._deadline = self._exchange.durations.put(self.heard_at + limits.connect_for, self._too_late)

    def data_received(self, data: bytes) -> None:
        """Bytes of the peer."""
        if self._closing is not None:
            return
        self._exchange.counters.bytes_in += len(data)
        self.heard_at = self._exchange.uptime()
        if self._decoder.awaited and not self._speaks_v5:
            self._speaks_v5 = data[:1] == b"\x10" and V5_CONNECT in data[:16]
        self._decoder.feed(data)
        self.read_on()

    def read_on(self) -> None:
        """Go through the packets that are complete, until the conversation asks to wait."""
        try:
            while self._closing is None and not self._talk.is_waiting:
                packet = next(self._decoder, None)
                if packet is None:
                    return
                self._talk.received(packet)
        except MqttError as error:
            self._broken(error)

    def pause_writing(self) -> None:
        """The peer does not read what is written: hear nothing more of it, and give it a while."""
        self.is_congested = True
        if self._closing is not None:
            return
        self._deadline_at(self._exchange.limits.slow_for, self._talk.evict)
        self._read(False)

    def resume_writing(self) -> None:
        """It reads again."""
        self.is_congested = False
        if self._closing is not None:
            return
        self._deadline_at(0, None)
        self._read(not self._is_held)
        self._talk.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, by whichever side."""
        self._others.discard(self)
        self._exchange.counters.connections -= 1
        for entry in (self._closing, self._deadline):
            if entry is not None:
                entry.cancel()
        self._batch.clear()
        self._talk.lost()
        self._transport = None

    # What the conversation calls

    @property
    def peer(self) -> str:
        """The network address, "" when there is none."""
        address = self._transport.get_extra_info("peername") if self._transport else None
        return str(address[0]) if isinstance(address, tuple) and address else ""

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be said any more."""
        return self._transport is None or self._closing is not None

    def greeted(self) -> None:
        """CONNECT is here: what follows may be any packet."""
        self._decoder.awaited = 0

    def admitted(self) -> None:
        """From now on packets up to the announced size are taken, and silence is the keep-alive's business."""
        self._decoder.maximum_packet_size = self._exchange.limits.packet_bytes
        self._deadline_at(0, None)

    def hold(self, is_held: bool) -> None:
        """Stop or go on hearing the peer."""
        self._is_held = is_held
        self._read(not is_held and not self.is_congested)

    def send(self, data: bytes) -> None:
        """Write at the end of this turn of the loop, together with whatever else is said in it."""
        if self._closing is not None:
            return
        if not self._batch:
            self._loop.call_soon(self._flush)
        self._batch.append(data)
        self._batch_bytes += len(data)
        if self._batch_bytes > FLUSH_AT:
            self._flush()

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back in the next turn of the loop."""
        self._loop.call_soon(callback)

    def shut(self, last: bytes = b"") -> None:
        """Say a last word and close; a peer that does not take it is cut off after `closing_for`."""
        if self._transport is None or self._closing is not None:
            return
        if last:
            self.send(last)
        self._flush()
        at = self._exchange.uptime() + self._exchange.limits.closing_for
        self._closing = self._exchange.durations.put(at, self._transport.abort)
        self._transport.close()

    def stop(self) -> None:
        """The server ends: DISCONNECT 0x8B, and no will, for nobody is there to read it."""
        if self._closing is not None:
            self.abort()  # it had its time to take the last word
            return
        self._talk.stop()

    def abort(self) -> None:
        """Cut it off."""
        if self._transport is not None:
            self._transport.abort()

    # Own

    def _flush(self) -> None:
        if not self._batch or self._transport is None:
            return
        data = self._batch[0] if len(self._batch) == 1 else b"".join(self._batch)
        self._batch.clear()
        self._batch_bytes = 0
        self._exchange.counters.bytes_out += len(data)
        self._transport.write(data)

    def _read(self, is_on: bool) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or transport.is_reading() == is_on:
            return
        if is_on:
            transport.resume_reading()
        else:
            transport.pause_reading()

    def _deadline_at(self, after: int, callback: Callable[[], None] | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if callback is not None:
            self._deadline = self._exchange.durations.put(self._exchange.uptime() + after, callback)

    def _too_late(self) -> None:
        self._exchange.counters.timed_out += 1
        self._talk.lost()
        self.shut()

    def _broken(self, error: MqttError) -> None:
        """A rule was broken. Before CONNECT only somebody who speaks MQTT is answered; others get nothing at all."""
        if not self._decoder.awaited:
            self._talk.broken(error)
            return
        self._exchange.counters.garbage += 1
        if isinstance(error, codec.UnsupportedVersion) and error.level in (3, 4):
            self.shut(b"\x20\x02\x00\x01")  # CONNACK of MQTT 3.1.1: unacceptable protocol version
        elif isinstance(error, codec.UnsupportedVersion) or self._speaks_v5:
            is_known = error.reason_code in reasons.OF_CONNACK
            self.shut(bytes((0x20, 3, 0, error.reason_code if is_known else reasons.MALFORMED_PACKET, 0)))
        else:
            self.shut()
