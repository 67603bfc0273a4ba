"""What a signed-in device does: fetch MQTT credentials, connect, call the API and check every answer, leave."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from device_agent.flow.answers import text
from device_agent.mqtt import envelope, topics
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Will
from firmware_sim.discovery import Endpoints
from firmware_sim.life import Life, Mishap
from firmware_sim.mqtt import PATIENCE_S, Broker, Session
from firmware_sim.patience import Away, until_back
from firmware_sim.road import Answer, Lost, Road

WILL_DELAY_S: Final = 5
STREAM: Final = "simulated"

Arguments = dict[str, object]
Check = Callable[[Arguments, Any, Broker], bool]


def _is_me(asked: Arguments, body: Any, broker: Broker) -> bool:
    return body.get("device_id") == broker.client_id and bool(body.get("username"))


def _is_reading(asked: Arguments, body: Any, broker: Broker) -> bool:
    return body.get("device_id") == broker.client_id and all(body.get(name) == asked[name] for name in asked)


# Method, the scope it needs, the status it answers, its arguments for the n-th call, and whether the answer is right.
PossibleCall = tuple[str, str, int, Callable[[int], Arguments], Check]
CALLS: Final[tuple[PossibleCall, ...]] = (
    ("me", "profile", 200, lambda number: {}, _is_me),
    ("readings.add", "readings:write", 201, lambda number: {"stream": STREAM, "value": 20.5 + number}, _is_reading),
)


async def work(endpoints: Endpoints, road: Road, tokens: dict[str, object], calls: int, life: Life) -> None:
    """Make `calls` calls over MQTT; their round trips go into `life`. Raises `Mishap`.

    A server or broker that is away is tried again for a while, from the credentials on.
    """
    granted = text(tokens, "scope").split()
    possible = [call for call in CALLS if call[1] in granted]
    if calls and not possible:
        raise Mishap("scope_too_small", "the granted scope allows no call; ask for profile or readings:write")
    chosen = [possible[number % len(possible)] for number in range(calls)]

    async def attempt() -> None:
        await _session(await credentials(endpoints, road, text(tokens, "access_token"), life), chosen, life)

    def again() -> None:
        life.reconnects += 1

    await until_back(attempt, again)


async def _session(broker: Broker, calls: Sequence[PossibleCall], life: Life) -> None:
    """Connect, say hello, call, say goodbye."""
    nonce = secrets.token_hex(8)
    presence = topics.presence(broker.client_id)
    will = Will(presence, envelope.encode_presence(False, nonce), 1, True, Properties(will_delay_interval=WILL_DELAY_S))
    async with await Session.open(broker, will) as session:
        await session.subscribe(topics.replies(broker.client_id))
        await session.publish(presence, envelope.encode_presence(True, nonce), retain=True)
        for number, (method, _, status, arguments, is_right) in enumerate(calls):
            await _call(session, broker, (method, status, arguments(number), is_right), life)
        await session.publish(presence, envelope.encode_presence(False, nonce), retain=True)


async def _call(session: Session, broker: Broker, call: tuple[str, int, Arguments, Check], life: Life) -> None:
    """One call: checked, its round trip measured from the first byte out to the reply in."""
    method, status, arguments, is_right = call
    request_id = secrets.token_hex(8)
    reply_to = topics.reply(broker.client_id, request_id)
    reply = session.expect(reply_to)
    began = time.perf_counter()
    topic = topics.request(broker.client_id, method, request_id)
    await session.publish(
        topic,
        envelope.encode_call(arguments),
        message_expiry_interval=int(PATIENCE_S),
        response_topic=reply_to,
        correlation_data=request_id.encode(),
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            payload = await reply
    except TimeoutError:
        raise Mishap("call_timeout", f"no answer to {method}") from None
    life.round_trips.append((time.perf_counter() - began) * 1_000)
    try:
        answered, body = envelope.decode(payload)
    except envelope.EnvelopeError as error:
        raise Mishap("wrong_answer", f"{method} was answered with no envelope: {error}") from None
    if answered != status:
        word = text(body, "error")
        raise Mishap(f"call_status_{answered}", f"{method} was answered {answered} {word}".rstrip())
    if not isinstance(body, dict) or not is_right(arguments, body, broker):
        raise Mishap("wrong_answer", f"{method} was answered with something else than was asked")


async def credentials(endpoints: Endpoints, road: Road, access_token: str, life: Life) -> Broker:
    """How to reach the broker. Raises `Away` when the answer is lost or the server busy."""
    if not endpoints.mqtt_credentials:
        raise Mishap("no_mqtt", "the server names no mqtt_credentials_endpoint; use --no-mqtt")
    life.requests += 1
    try:
        answer = await road.post(endpoints.mqtt_credentials, token=access_token)
    except Lost as lost:
        life.lost_requests += 1
        raise Away("no_mqtt", f"the request for MQTT credentials was lost: {lost}") from None
    if answer.status >= 500 or answer.status == 429:
        raise Away("no_mqtt", f"the server gave no MQTT credentials ({answer.status})")
    return _broker(endpoints, answer)


def _broker(endpoints: Endpoints, answer: Answer) -> Broker:
    content = answer.content
    if answer.status != 200 or not isinstance(content, dict):
        raise Mishap(f"credentials_{answer.status}", f"MQTT credentials were refused: {text(content, 'error')}")
    host, port, is_tls = text(content, "host"), content.get("port"), content.get("tls")
    names = [text(content, name) for name in ("client_id", "username", "password")]
    if (
        not host
        or type(port) is not int
        or not 0 < port < 65_536
        or not all(names)
        or not topics.is_device_id(names[0])
    ):
        raise Mishap("wrong_answer", "the MQTT credentials make no sense")
    if host.lower() != endpoints.host:
        raise Mishap("mqtt_elsewhere", f"the broker is at {host[:100]}, which is not the --server; nothing was sent")
    return Broker(host, port, is_tls is True, *names)
