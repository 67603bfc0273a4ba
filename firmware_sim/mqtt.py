"""A small MQTT 5 client on asyncio for simulated devices: connect, subscribe, publish at QoS 1, leave (MQTT 5).

The bytes are `device_agent.mqtt.packets`, the very codec of the firmware. Whatever goes wrong is a `Mishap`.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any, Final

from device_agent.mqtt.packets import client, reasons
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import (
    ConnAck,
    Connect,
    Disconnect,
    Packet,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    Subscription,
    Will,
)
from device_agent.mqtt.packets.wire import MqttError
from firmware_sim.life import Mishap
from firmware_sim.patience import Away

PATIENCE_S: Final = 15.0
LARGEST: Final = 131_072
FAILURE: Final = 0x80  # reason codes from here on refuse (MQTT 5 section 2.4)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to connect and as whom, from `POST /mqtt/credentials`."""

    host: str
    port: int
    is_tls: bool
    client_id: str
    username: str
    password: str


class Session:
    """One connection. `async with await Session.open(...)` leaves with a DISCONNECT."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._packet_id = 0
        self._answers: dict[int, asyncio.Future[Packet]] = {}
        self._awaited: dict[str, asyncio.Future[bytes]] = {}
        self._over: Mishap | None = None
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, broker: Broker, will: Will) -> "Session":
        """Connect, send CONNECT and read CONNACK."""
        tls = ssl.create_default_context() if broker.is_tls else None
        try:
            async with asyncio.timeout(PATIENCE_S):
                session = cls(*await asyncio.open_connection(broker.host, broker.port, ssl=tls))
                try:
                    await session._greet(broker, will)
                except BaseException:
                    session._writer.transport.abort()
                    raise
        except TimeoutError:
            raise Mishap("mqtt_timeout", "the broker did not answer CONNECT in time") from None
        except OSError as error:
            raise Away("mqtt_unreachable", f"the broker cannot be reached: {error}") from None
        return session

    async def __aenter__(self) -> "Session":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Say goodbye (the will is then forgotten), or just hang up when something went wrong."""
        if self._listening is not None:
            self._listening.cancel()
        if error is not None or self._over is not None:
            self._writer.transport.abort()
            return
        self._say(Disconnect())
        self._writer.close()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def subscribe(self, topic_filter: str) -> None:
        """At QoS 1; raises when the broker refuses."""
        packet_id = self._next_id()
        answer = await self._ask(packet_id, Subscribe(packet_id, [Subscription(topic_filter, qos=1)]))
        if not isinstance(answer, SubAck) or answer.reason_codes[0] >= FAILURE:
            raise Mishap("mqtt_subscribe_refused", f"the broker refused to subscribe {topic_filter}: {answer!r}")

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, **properties: object) -> None:
        """At QoS 1; returns when the broker has taken it."""
        packet_id = self._next_id()
        message = Publish(topic, payload, 1, retain, packet_id, properties=Properties(**properties))
        answer = await self._ask(packet_id, message)
        if not isinstance(answer, PubAck) or answer.reason_code >= FAILURE:
            raise Mishap("mqtt_publish_refused", f"the broker refused {topic}: {answer!r}")

    def expect(self, topic: str) -> asyncio.Future[bytes]:
        """The payload of the next message on this very topic."""
        awaited = self._awaited[topic] = asyncio.get_running_loop().create_future()
        if self._over is not None:
            _break(awaited, self._over)
        return awaited

    async def _greet(self, broker: Broker, will: Will) -> None:
        self._say(
            Connect(
                broker.client_id,
                broker.username,
                broker.password.encode(),
                will=will,
                properties=Properties(maximum_packet_size=LARGEST),
            )
        )
        decoder = client.decoder(LARGEST)
        decoder.awaited = ConnAck.kind
        packets: list[Packet] = []
        while not packets:
            packets = await self._read(decoder)
        first = packets.pop(0)
        if not isinstance(first, ConnAck) or first.reason_code:
            code = first.reason_code if isinstance(first, ConnAck) else 0
            raise Mishap(f"mqtt_refused_0x{code:02x}", f"the broker refused the connection: 0x{code:02x}")
        decoder.awaited = 0
        self._listening = asyncio.create_task(self._listen(decoder, packets))

    async def _listen(self, decoder: client.ClientDecoder, packets: list[Packet]) -> None:
        try:
            while True:
                for packet in packets:
                    self._hear(packet)
                packets = await self._read(decoder)
        except Mishap as mishap:
            self._end(mishap)

    async def _read(self, decoder: client.ClientDecoder) -> list[Packet]:
        """Some packets, perhaps none yet; `Mishap` at the end of the connection."""
        try:
            data = await self._reader.read(65_536)
            if not data:
                raise Away("mqtt_closed", "the broker closed the connection")
            packets = []
            for packet in decoder.feed(data):
                packets.append(packet)
                decoder.awaited = 0
        except OSError as error:
            raise Away("mqtt_closed", f"the connection to the broker broke: {error}") from None
        except MqttError as error:
            raise Mishap("mqtt_nonsense", f"the broker broke a rule of MQTT: {error}") from None
        return packets

    def _hear(self, packet: Packet) -> None:
        if isinstance(packet, PubAck | SubAck):
            answer = self._answers.pop(packet.packet_id, None)
            if answer is not None and not answer.done():
                answer.set_result(packet)
        elif isinstance(packet, Publish):
            if packet.qos:
                self._say(PubAck(packet.packet_id))
            awaited = self._awaited.pop(packet.topic, None)
            if awaited is not None and not awaited.done():
                awaited.set_result(packet.payload)
        elif isinstance(packet, Disconnect):
            kind = Away if packet.reason_code == reasons.SERVER_SHUTTING_DOWN else Mishap
            raise kind(f"mqtt_closed_0x{packet.reason_code:02x}", "the broker ended the session")

    async def _ask(self, packet_id: int, packet: Packet) -> Packet:
        if self._over is not None:
            raise self._over
        answer: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        self._answers[packet_id] = answer
        self._say(packet)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await answer
        except TimeoutError:
            raise Mishap("mqtt_timeout", f"the broker never acknowledged {packet!r}") from None

    def _end(self, mishap: Mishap) -> None:
        self._over = mishap
        for answer in self._answers.values():
            _break(answer, mishap)
        for awaited in self._awaited.values():
            _break(awaited, mishap)

    def _say(self, packet: Packet) -> None:
        self._writer.write(client.encode(packet))

    def _next_id(self) -> int:
        self._packet_id = self._packet_id % 0xFFFF + 1
        return self._packet_id


def _break(promise: asyncio.Future[Any], mishap: Mishap) -> None:
    if not promise.done():
        promise.set_exception(mishap)
        promise.exception()  # looked at: whoever waits still gets it, and nobody is told off when nobody does
