"""The broker as the house sees it: start, stop, publish, listen, renew, close (MQTT 5)."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl as tls
import time
from asyncio import sslproto
from collections.abc import Callable
from typing import Any

from device_agent.mqtt import topics
from device_agent.mqtt.packets.properties import NONE, Properties
from server.broker.connection import Connection, Crowd
from server.broker.conversation import Conversation
from server.broker.counters import Counters
from server.broker.door import Door
from server.broker.exchange import Exchange
from server.broker.limits import Limits
from server.broker.message import Message
from server.broker.port import Admission, Doorkeeper, Listener
from server.broker.retained import RetainedFull

TLS_BUFFER = 16 * 1024  # asyncio's own 256 KiB for each TLS connection would be most of the memory
STOP_FOR = 2.0  # seconds for the last DISCONNECTs to leave


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def uptime() -> int:
    """Milliseconds of a clock that never jumps."""
    return time.monotonic_ns() // 1_000_000


class Broker:
    """An MQTT 5 broker in this process. Everything but `start` and `stop` is immediate; call it within the loop.

    `clock` is what tokens expire by; `uptime` measures keep-alives, delays and message expiry. Both in milliseconds.
    """

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        clock: Callable[[], int] = wall_clock,
        limits: Limits | None = None,
        uptime: Callable[[], int] = uptime,
    ) -> None:
        self.limits = limits or Limits()
        self._exchange = Exchange(self.limits, clock, uptime)
        self._door = Door(doorkeeper, self.limits, clock)
        self._crowd = Crowd()
        self._server: asyncio.Server | None = None
        self._beat: asyncio.TimerHandle | None = None

    @property
    def counters(self) -> Counters:
        """What has been seen so far."""
        return self._exchange.counters

    @property
    def retained(self) -> int:
        """How many messages are retained."""
        return len(self._exchange.retained)

    async def start(self, host: str, port: int, *, ssl: tls.SSLContext | None = None) -> int:
        """Listen, and return the port (0 picks one). A port that is taken raises OSError."""
        if ssl is not None:
            sslproto.SSLProtocol.max_size = TLS_BUFFER
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._exchange, self._door, self._crowd),
            **_place(host, port),
            ssl=ssl,
            backlog=1024,
            ssl_handshake_timeout=self.limits.connect_for / 1000 if ssl is not None else None,
        )
        self._beat_on()
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """DISCONNECT 0x8B to everybody, then close; nothing is left open when it returns."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for connection in list(self._crowd.here):
            connection.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._crowd.is_empty.wait(), STOP_FOR)
        for connection in list(self._crowd.here):
            connection.abort()
        await server.wait_closed()
        await asyncio.sleep(0)  # an aborted connection is gone in the next turn
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def tick(self) -> None:
        """Do what is due by the clocks; called by itself every `beat_for`."""
        self._exchange.tick()

    def _beat_on(self) -> None:
        self._beat = asyncio.get_running_loop().call_later(self.limits.beat_for / 1000, self._beat_on)
        self.tick()

    def is_connected(self, device_id: str) -> bool:
        """Whether this device is here now."""
        session = self._exchange.sessions.get(device_id)
        return session is not None and session.link is not None

    def admission(self, device_id: str) -> Admission | None:
        """What the open session of this device stands on; None when it is not here now."""
        session = self._exchange.sessions.get(device_id)
        return session.admission if session is not None and session.link is not None else None

    async def close(self, device_id_or_tie: str, reason_code: int) -> int:
        """Close every session of a device or of a sign-in: DISCONNECT, will, nothing kept; how many they were."""
        sessions = self._exchange.tied(device_id_or_tie)
        for session in sessions:
            if session.link is not None:
                session.link.dismiss(reason_code)
            self._exchange.end(session)
        for device_id in {device_id_or_tie, *(session.device_id for session in sessions)}:
            self._exchange.retained.forget_of(device_id)
        return len(sessions)

    async def renew(self, device_id: str, admission: Admission) -> bool:
        """Let a connected session stand on a newer admission of the same device; False when there is none."""
        session = self._exchange.sessions.get(device_id)
        if session is None or admission.device_id != device_id or not isinstance(session.link, Conversation):
            return False
        session.link.renewed(admission)
        return True

    def publish(
        self, topic: str, payload: bytes = b"", qos: int = 0, *, retain: bool = False, properties: Properties = NONE
    ) -> int:
        """Publish as the server; how many take it, now or when they come back. ValueError, RetainedFull.

        A message carries these properties on: payload format, expiry, content type, response topic, correlation data,
        user properties.
        """
        if not topics.is_name(topic) or qos not in (0, 1):
            raise ValueError("a topic without wildcards and QoS 0 or 1 are needed")
        message = Message(topic, payload, qos, retain, self._exchange.uptime(), properties)
        taken, refusal = self._exchange.publish(message)
        if refusal and retain:
            raise RetainedFull(f"{self.retained} messages are retained, there is no room for more")
        return taken

    def listen(self, topic_filter: str, callback: Listener) -> Callable[[], None]:
        """Call back for every message under a filter, whoever sends it; what is returned ends it."""
        if not topics.is_filter(topic_filter):
            raise ValueError(f"not a topic filter: {topic_filter!r}")
        return self._exchange.listen(topic_filter, callback)


def _place(host: str, port: int) -> dict[str, Any]:
    """Where to listen. An address needs no resolver, which would keep four threads and half a megabyte for ever."""
    try:
        family = socket.AF_INET if ipaddress.ip_address(host).version == 4 else socket.AF_INET6
    except ValueError:
        return {"host": host, "port": port}
    street = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        street.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            street.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        street.bind((host, port))
    except OSError:
        street.close()
        raise
    return {"sock": street}
