"""API calls over MQTT beside the broker's own echo and the same call over HTTP; and connections a second."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from device_agent.mqtt import envelope, topics
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Will
from firmware_sim.mqtt import Broker, Session

from .exchange import exchange, read_answer
from .figure import Figure
from .house import House, serving
from .phone import Phone
from .plan import Plan, middle, percentile
from .process import running

DEVICES = 8
ECHO = "bench/echo"
Trip = Callable[[int], Awaitable[None]]
NAMES = ("call over MQTT (me)", "echo of the broker (QoS 1)", "call over HTTP (/api/me)")
CALL, OWN_ECHO, HTTP = NAMES


def run(plan: Plan) -> list[Figure]:
    """One device at a time, each request after the answer to the one before; then eight that connect over and over."""
    with TemporaryDirectory(prefix="porchlight-bench-") as folder:
        argv = [sys.executable, "-m", "bench.echo_broker"]
        with serving() as house, running(argv, Path(folder, "log")) as other:
            echo_port = json.loads(other.ready)["port"]
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(_measure(plan, house, echo_port))


async def _measure(plan: Plan, house: House, echo_port: int) -> list[Figure]:
    plan.say(f"signing {DEVICES} devices in")
    tokens = await _tokens(house)
    brokers = [_broker(house, token) for token in await asyncio.to_thread(_credentials, house, tokens)]
    trips = await _trips(plan, house, brokers[0], tokens[0], echo_port)
    figures = [
        Figure(f"{name}, p50", percentile(times, 0.5), "ms", note=f"p95 {percentile(times, 0.95):.2f} ms, {len(times)}")
        for name, times in trips.items()
    ]
    for other in (OWN_ECHO, HTTP):
        found = percentile(trips[CALL], 0.5) / percentile(trips[other], 0.5)
        figures.append(Figure(f"{CALL} to {other}, p50", found, "x"))
    return [*figures, await _connects(plan, brokers)]


async def _tokens(house: House) -> list[str]:
    phone = Phone(house.issuer)
    await phone.sign_in()
    shown = await asyncio.to_thread(house.start_sign_ins, DEVICES, 1)
    for each in shown:
        await phone.approve(each)
    await phone.close()
    polls = [house.post("/token", **dict(_pairs(body))) for body in house.polls(shown)]
    return [json.loads(body)["access_token"] for _, body in await asyncio.to_thread(exchange, house.port, polls, 1)]


def _pairs(body: str) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl

    return parse_qsl(body)


def _credentials(house: House, tokens: list[str]) -> list[dict[str, Any]]:
    asked = [_with_token("POST", "/mqtt/credentials", token) for token in tokens]
    return [json.loads(body) for _, body in exchange(house.port, asked, 1)]


def _with_token(method: str, path: str, token: str) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    return (head + ("Content-Length: 0\r\n\r\n" if method == "POST" else "\r\n")).encode()


def _broker(house: House, given: dict[str, Any]) -> Broker:
    return Broker("127.0.0.1", house.mqtt_port, False, given["client_id"], given["username"], given["password"])


async def _trips(plan: Plan, house: House, broker: Broker, token: str, echo_port: int) -> dict[str, list[float]]:
    """Milliseconds of each round trip, the three kinds in turns."""
    echo_broker = Broker("127.0.0.1", echo_port, False, "bench", "bench", "")
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    async with await Session.open(broker, _will(broker)) as session, await Session.open(echo_broker, Will(ECHO)) as own:
        await session.subscribe(topics.replies(broker.client_id))
        await own.subscribe(f"{ECHO}/#")

        async def call(number: int) -> None:
            answer = session.expect(topics.reply(broker.client_id, f"bench{number}"))
            await session.publish(
                topics.request(broker.client_id, "me", f"bench{number}"),
                envelope.encode_call(),
                response_topic=topics.reply(broker.client_id, f"bench{number}"),
                message_expiry_interval=15,
            )
            _must_be_ok(envelope.decode(await answer)[0])

        async def echo(number: int) -> None:
            answer = own.expect(f"{ECHO}/{number}")
            await own.publish(f"{ECHO}/{number}", envelope.encode_call())
            await answer

        async def http(number: int) -> None:
            writer.write(_with_token("GET", "/api/me", token))
            _must_be_ok((await read_answer(reader))[0])

        found = await _in_turns(plan, dict(zip(NAMES, (call, echo, http), strict=True)))
    writer.close()
    return found


async def _in_turns(plan: Plan, kinds: dict[str, Trip]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in kinds}
    number = 0
    for turn in range(plan.rounds):
        plan.say(f"round {turn + 1}/{plan.rounds}: round trips")
        for name, trip in kinds.items():
            for warm in range(-20, plan.pick(400, 100)):
                number += 1
                began = time.perf_counter()
                await trip(number)
                if warm >= 0:
                    times[name].append((time.perf_counter() - began) * 1_000)
    return times


async def _connects(plan: Plan, brokers: list[Broker]) -> Figure:
    """Connect, be let in by token, leave; each device again and again."""
    each = plan.pick(150, 30)

    async def come_and_go(broker: Broker) -> None:
        for _ in range(each):
            async with await Session.open(broker, _will(broker)):
                pass

    rates = []
    for turn in range(plan.rounds):
        began = time.perf_counter()
        await asyncio.gather(*(come_and_go(broker) for broker in brokers))
        rates.append(each * len(brokers) / (time.perf_counter() - began))
        plan.say(f"round {turn + 1}/{plan.rounds}: {rates[-1]:,.0f} connections/s")
    return Figure("connections, each with its token checked", middle(rates), "/s", note="the load is Python too")


def _will(broker: Broker) -> Will:
    presence = topics.presence(broker.client_id)
    return Will(presence, envelope.encode_presence(False, "bench"), 1, True, Properties(will_delay_interval=5))


def _must_be_ok(status: int) -> None:
    if status != 200:
        raise RuntimeError(f"a call was answered {status}")
