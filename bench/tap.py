"""From the tap on the phone to the tokens on the device: by a held request (`Prefer: wait`), and by plain polls."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from .exchange import Answer, read_answer
from .figure import Figure
from .house import House, poll_body, request, serving
from .phone import Phone
from .plan import Plan, percentile

INTERVAL = 5.0  # seconds; what RFC 8628 section 3.2 says when the server names none
AT_ONCE = 10  # devices that poll at the same time, each with a phone of its own
GOAL_MS = 150

Shown = dict[str, Any]
Device = Callable[[House, Shown, asyncio.Event], Coroutine[None, None, float]]  # the instant at which it had its tokens


def run(plan: Plan) -> list[Figure]:
    """Real pages over HTTP: the link of the QR code, the form, the tap. The device is on another connection."""
    with serving() as house:
        held = asyncio.run(_one_by_one(plan, house, plan.pick(200, 30)))
        polled = asyncio.run(_side_by_side(plan, house, plan.pick(30, 10)))
    return [*_figures("held request", held, GOAL_MS), *_figures("a poll every 5 s", polled, None)]


async def _one_by_one(plan: Plan, house: House, count: int) -> list[tuple[float, float]]:
    phone = Phone(house.issuer)
    await phone.sign_in()
    try:
        plan.say(f"{count} sign-ins with a held request")
        return [await _sign_in(house, phone, _hold) for _ in range(count)]
    finally:
        await phone.close()


async def _side_by_side(plan: Plan, house: House, count: int) -> list[tuple[float, float]]:
    """A poller waits most of the time, so several wait at once; each person taps at a moment of their own."""
    phones = [Phone(house.issuer) for _ in range(min(AT_ONCE, count))]
    plan.say(f"{count} sign-ins with polls")
    try:
        found = await asyncio.gather(*(_follow(house, phone, count // len(phones)) for phone in phones))
    finally:
        for phone in phones:
            await phone.close()
    return [pair for pairs in found for pair in pairs]


async def _follow(house: House, phone: Phone, count: int) -> list[tuple[float, float]]:
    await phone.sign_in()
    found = []
    for _ in range(count):
        found.append(await _sign_in(house, phone, _poll, random.uniform(0, INTERVAL)))
    return found


async def _sign_in(house: House, phone: Phone, device: Device, walk_for: float = 0) -> tuple[float, float]:
    """Milliseconds from the tap's sending, and from its answer, to the tokens. The person takes `walk_for` seconds."""
    (shown,) = await asyncio.to_thread(house.start_sign_ins, 1, 1)
    is_waiting = asyncio.Event()
    tokens = asyncio.create_task(device(house, shown, is_waiting))
    async with asyncio.timeout(60):
        await is_waiting.wait()
        await asyncio.sleep(walk_for)
        await phone.approve(shown)
        had_at = await tokens
    browser = phone.browser
    return (had_at - browser.tapped_at) * 1_000, max(0.0, had_at - browser.answered_at) * 1_000


async def _hold(house: House, shown: Shown, is_waiting: asyncio.Event) -> float:
    """One request, held by the server until the person has decided."""
    status, body, at = await _ask(house, shown, "Prefer: wait=30\r\n", is_waiting)
    if status != 200:
        raise RuntimeError(f"a held request was answered {status}: {body!r}")
    return at


async def _poll(house: House, shown: Shown, is_waiting: asyncio.Event) -> float:
    """A plain client of RFC 8628."""
    while True:
        status, body, at = await _ask(house, shown, "", is_waiting)
        if status == 200:
            return at
        if b"authorization_pending" not in body:
            raise RuntimeError(f"a poll was answered {status}: {body!r}")
        await asyncio.sleep(INTERVAL)


async def _ask(house: House, shown: Shown, header: str, is_sent: asyncio.Event) -> tuple[int, bytes, float]:
    """Poll once on a new connection; the answer and the instant it was there."""
    head, _, body = request(house.port, "/token", poll_body(shown["device_code"])).partition(b"\r\n\r\n")
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    try:
        writer.write(head + b"\r\n" + header.encode() + b"\r\n" + body)
        await writer.drain()
        is_sent.set()
        answer: Answer = await read_answer(reader)
        return *answer, time.monotonic()
    finally:
        writer.close()


def _figures(how: str, found: Sequence[tuple[float, float]], goal: float | None) -> list[Figure]:
    sent, answered = [[pair[which] for pair in found] for which in (0, 1)]
    note = f"p50 {percentile(sent, 0.5):.0f}, longest {max(sent):.0f} ms; {len(found)} sign-ins, all got tokens"
    after = f"p50 {percentile(answered, 0.5):.0f} ms; 0 when they came before the page did"
    return [
        Figure(f"tap sent to tokens, {how}, p95", percentile(sent, 0.95), "ms", goal, is_less_better=True, note=note),
        Figure(f"tap answered to tokens, {how}, p95", percentile(answered, 0.95), "ms", note=after),
    ]
