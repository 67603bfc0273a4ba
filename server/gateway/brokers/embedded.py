"""The embedded broker behind the gateway's port: calls come in by a listener, answers go out as QoS 1."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Final

from device_agent.mqtt import topics
from device_agent.mqtt.packets import reasons
from device_agent.mqtt.packets.properties import Properties
from server.broker.broker import Broker
from server.broker.limits import Limits
from server.broker.port import Admission, Doorkeeper, Received
from server.settings import Settings

from .port import Answer, Call

log: Final = logging.getLogger("porchlight")
AT_ONCE: Final = 1_000  # calls being answered; more are refused, and the device tries again


class EmbeddedBroker:
    """`gateway.brokers.port.Broker` over `server.broker`, in this process."""

    def __init__(self, settings: Settings, doorkeeper: Doorkeeper, now: Callable[[], int]) -> None:
        self._settings = settings
        self._doorkeeper = doorkeeper
        self._broker = Broker(doorkeeper, now, Limits())
        self._answering: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, answer: Answer) -> None:
        settings = self._settings
        tls = None
        if settings.tls_cert:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(settings.tls_cert, settings.tls_key)

        def take(received: Received) -> int | None:
            return self._take(received, answer)

        self._broker.listen(topics.CALLS, take)
        self.port = await self._broker.start(settings.mqtt_host or settings.host, settings.mqtt_port, ssl=tls)

    async def stop(self) -> None:
        await self._broker.stop()
        for task in self._answering:
            task.cancel()
        self.port = 0

    async def close(self, family_id: str, device_id: str) -> None:
        for name in (family_id, device_id):
            await self._broker.close(name, reasons.ADMINISTRATIVE_ACTION)

    async def renew(self, device_id: str, token: str) -> bool:
        admission = self._broker.admission(device_id)
        if admission is None:
            return False
        renewed = await self._doorkeeper.renew(admission, token.encode())
        if not isinstance(renewed, Admission):
            return False
        return await self._broker.renew(device_id, renewed)

    def _take(self, received: Received, answer: Answer) -> int | None:
        place = topics.parse(received.topic)
        if place is None or place.kind != topics.REQUEST:
            return reasons.TOPIC_NAME_INVALID
        if len(self._answering) >= AT_ONCE:
            return reasons.QUOTA_EXCEEDED
        method, request_id = place.names
        call = Call(received.device_id, received.token, method, request_id, received.payload)
        task = asyncio.get_running_loop().create_task(self._reply(call, received, answer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return None

    async def _reply(self, call: Call, received: Received, answer: Answer) -> None:
        """Publish the answer where the device asked for it: the broker let only its own branch pass."""
        try:
            envelope = await answer(call)
        except Exception:
            log.exception("the call %s of device %s failed", call.method, call.device_id)
            envelope = b'{"status":500,"body":{"error":"server_error"}}'
        topic = received.response_topic or topics.reply(call.device_id, call.request_id)
        properties = Properties(correlation_data=received.correlation_data)
        self._broker.publish(topic, envelope, qos=1, properties=properties)
