"""What people wait for, all in one run: the phone is seen on the TV, the TV is signed in, a sign-out is complete.

The phone is a browser without scripts on the real pages, the device holds its requests, the TV is the agent's own kiosk
page with a reader on its stream, and the device's MQTT session is open when it is signed out on the page.
"""

import asyncio
import io
import json
import time
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import uvloop

from device_agent.displays.kiosk.screen import Kiosk
from device_agent.displays.port import Look
from device_agent.mqtt import envelope, topics
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Will
from firmware_sim.discovery import Endpoints
from firmware_sim.life import Mishap
from firmware_sim.mqtt import Broker, Session
from firmware_sim.pages import Form, Page
from firmware_sim.person import Browser, Person

from .exchange import read_answer
from .figure import Figure
from .house import CLIENT_ID, PASSWORD, USERNAME, House, poll_body, request, serving
from .plan import Plan, percentile

WITHIN = 60.0  # seconds for one person's whole story
HOLD = "Prefer: wait=30\r\n"


class Story(NamedTuple):
    """Milliseconds of one sign-in and its end."""

    connected: float
    signed_in: float
    closed: float


# What of the story, in words, and the goal for its p95 (ms).
GOALS = (
    ("connected", 'scan to "phone connected" on the TV', 200),
    ("signed_in", "tap to the tokens on the device", 150),
    ("closed", "sign-out to the MQTT session closed", 1_000),
)


def run(plan: Plan) -> list[Figure]:
    """One person after the other, each with a TV: scan, tap the number, and sign the TV out again."""
    with serving() as house, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stories = runner.run(_all(plan, house, plan.pick(200, 30)))
    return [figure for name, what, goal in GOALS for figure in _figures(stories, name, what, goal)]


def _figures(stories: Sequence[Story], name: str, what: str, goal: float) -> list[Figure]:
    found = [getattr(story, name) for story in stories]
    note = f"longest {max(found):.0f} ms of {len(found)}"
    return [
        Figure(f"{what}, p50", percentile(found, 0.5), "ms"),
        Figure(f"{what}, p95", percentile(found, 0.95), "ms", goal, is_less_better=True, note=note),
    ]


class Watch(Browser):
    """A phone whose owner notes (seconds of the monotonic clock) when a page was asked for and when a form was sent."""

    opened_at = sent_at = 0.0

    async def open(self, url: str) -> Page:
        self.opened_at = time.monotonic()
        return await super().open(url)

    async def send(self, page: Page, form: Form, *pairs: tuple[str, str], follows: bool = True) -> tuple[Page, int]:
        self.sent_at = time.monotonic()
        return await super().send(page, form, *pairs, follows=follows)


class Tv:
    """The agent's page for a TV, and a reader of its stream in the place of the TV's browser."""

    def __init__(self, kiosk: Kiosk) -> None:
        self._kiosk = kiosk
        self._stream: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def switch_on(self) -> None:
        parts = urlsplit(self._kiosk.url)
        self._stream, self._writer = await asyncio.open_connection("127.0.0.1", parts.port, limit=262_144)
        self._writer.write(f"GET {parts.path}events HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())

    async def show(self, state: str, **facts: object) -> float:
        """Show it; the instant at which it has arrived on the screen."""
        self._kiosk.show(state, **facts)
        while True:
            line = await self._stream.readline()
            if not line:
                raise RuntimeError("the TV's page hung up")
            if line.startswith(b"data: ") and json.loads(line[6:])["state"] == state:
                return time.monotonic()

    def switch_off(self) -> None:
        self._writer.close()


async def _all(plan: Plan, house: House, count: int) -> list[Story]:
    phone = Watch(Endpoints(house.issuer, device_authorization="", token=""))
    kiosk = Kiosk(Look(io.StringIO(), io.StringIO(), {}))
    tv = Tv(kiosk)
    try:
        await Person(phone, USERNAME, PASSWORD).sign_in(house.issuer + "/sign-in")
        await tv.switch_on()
        plan.say(f"{count} people with a phone and a TV")
        return [await _story(house, phone, tv) for _ in range(count)]
    finally:
        tv.switch_off()
        await phone.close()
        await asyncio.to_thread(kiosk.close)


async def _story(house: House, phone: Watch, tv: Tv) -> Story:
    async with asyncio.timeout(WITHIN):
        shown = await _start(house)
        await tv.show("waiting", **{name: shown[name] for name in ("user_code", "verification_uri")})
        device = Device(house, tv, shown)
        watching = asyncio.create_task(device.follow())
        await device.is_holding.wait()
        person = Person(phone, USERNAME, PASSWORD)
        await person.decide(shown["verification_uri_complete"], shown["user_code"], "approve", device.read)
        scanned_at, tapped_at = phone.opened_at, phone.sent_at
        tokens = await watching
        connected, signed_in = device.connected_at - scanned_at, device.signed_in_at - tapped_at
        closed = await _sign_out(house, phone, tokens["access_token"])
    return Story(connected * 1_000, signed_in * 1_000, closed * 1_000)


class Device:
    """The TV's app: it says that it can show a number, and holds its requests until there is news."""

    connected_at = signed_in_at = 0.0

    def __init__(self, house: House, tv: Tv, shown: dict[str, Any]) -> None:
        self._house, self._tv = house, tv
        self._poll = poll_body(shown["device_code"]) + "&match=1"
        self._number: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.is_holding = asyncio.Event()

    async def follow(self) -> dict[str, Any]:
        """The tokens."""
        status, told = await self._hold()
        if status != 400 or "match" not in told:
            raise RuntimeError(f"a phone was expected, the held request was answered {status}: {told!r}")
        self.connected_at = await self._tv.show("phone_connected", user_code="", match=told["match"])
        self.is_holding.clear()
        holding = asyncio.create_task(self._hold())
        await self.is_holding.wait()
        self._number.set_result(told["match"])
        status, told = await holding
        self.signed_in_at = time.monotonic()
        if status != 200:
            raise RuntimeError(f"tokens were expected, the held request was answered {status}: {told!r}")
        return told

    async def read(self, choices: Collection[str]) -> str:
        """The number on the TV, for the person."""
        return await self._number

    async def _hold(self) -> tuple[int, dict[str, Any]]:
        return await _ask(
            self._house.port, _with(HOLD, request(self._house.port, "/token", self._poll)), self.is_holding
        )


async def _start(house: House) -> dict[str, Any]:
    body = f"client_id={CLIENT_ID}&device_name=Bench+TV&match=1"
    status, shown = await _ask(house.port, request(house.port, "/device_authorization", body))
    if status != 200:
        raise RuntimeError(f"a sign-in could not be started: {status}: {shown!r}")
    return shown


async def _sign_out(house: House, phone: Watch, token: str) -> float:
    """Seconds from the press on the page to the end of the MQTT connection; the API refuses the token then."""
    bearer = f"Authorization: Bearer {token}\r\n"
    _, given = await _ask(house.port, _with(bearer, request(house.port, "/mqtt/credentials", "")))
    broker = Broker("127.0.0.1", house.mqtt_port, False, given["client_id"], given["username"], given["password"])
    will = Will(topics.presence(broker.client_id), envelope.encode_presence(False, "bench"), 1, True, Properties())
    async with await Session.open(broker, will) as session:
        await session.subscribe(topics.replies(broker.client_id))
        page = await phone.open(house.issuer + "/devices")
        end = asyncio.create_task(_end_of(session))
        await phone.send(page, next(form for form in page.forms if _signs_a_device_out(form)))
        closed_at = await end
    status, _ = await _ask(house.port, _with(bearer, b"GET /api/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
    if status != 401:
        raise RuntimeError(f"the API answered {status} to a device that was signed out")
    return closed_at - phone.sent_at


async def _end_of(session: Session) -> float:
    """When the broker has closed the connection."""
    try:
        await session.expect("bench/never")
    except Mishap:
        return time.monotonic()
    raise RuntimeError("a message came instead of the end")


def _signs_a_device_out(form: Form) -> bool:
    parts = form.action.split("/")
    return parts[-1] == "sign-out" and parts[-3:-2] == ["devices"]


def _with(header: str, raw: bytes) -> bytes:
    """The same request with one more header line."""
    return raw.replace(b"\r\n", b"\r\n" + header.encode(), 1)


async def _ask(port: int, raw: bytes, is_sent: asyncio.Event | None = None) -> tuple[int, dict[str, Any]]:
    """Send it on a new connection; status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        await writer.drain()
        if is_sent is not None:
            is_sent.set()
        status, body = await read_answer(reader)
        return status, json.loads(body)
    finally:
        writer.close()
