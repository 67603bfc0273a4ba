"""A world for one simulated device: the real law behind a road without wires, and a person who never tires."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

from device_agent.flow.steps import Show
from firmware_sim.device import Device, Ground
from firmware_sim.discovery import Endpoints
from firmware_sim.habits.habit import Habit
from firmware_sim.life import Life, Mishap
from firmware_sim.road import Answer, Form
from server.oauth import verification
from server.oauth.device import DeviceAuthorization, Pace, keep_pace, poll, redeem, slow_down
from server.oauth.errors import AuthorizationPending, InvalidGrant, OAuthError
from tests.firmware_sim.timeless import TimelessLoop, run

ENDPOINTS = Endpoints("https://tv.example.com", "authorize", "token", hold_for=30)
LATENCY = (1, 30)


@dataclass
class Waiting:
    """One device authorization on the server, its pace, and a bell for held requests."""

    authorization: DeviceAuthorization
    pace: Pace = field(default_factory=Pace)
    bell: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class World:
    """`code_for` is the life of a code in milliseconds; `asked` is every token answer's word, in order, by code."""

    luck: Random
    code_for: int = 600_000
    gives_refresh_token: bool = True
    codes: dict[str, Waiting] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    asked_at: list[int] = field(default_factory=list)
    refresh_tokens: set[str] = field(default_factory=set)
    decisions: int = 0
    page_mishap: Mishap | None = None

    def now(self) -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, TimelessLoop)
        return loop.milliseconds()

    async def post(self, url: str, form: Form = (), *, hold_for: int = 0, token: str = "") -> Answer:
        """The server, some milliseconds away."""
        await asyncio.sleep(self.luck.randint(*LATENCY) / 1_000)
        answer = self._begin() if url == "authorize" else await self._token(dict(form), hold_for)
        await asyncio.sleep(self.luck.randint(*LATENCY) / 1_000)
        return answer

    async def decide(self, show: Show, decision: str, number: Any) -> int:
        """The person."""
        if self.page_mishap is not None:
            raise self.page_mishap
        self.decisions += 1
        found = self.codes[show.user_code]
        change: dict[str, Any] = {"account_id": "ana", "now": self.now()}
        if decision == "approve":
            found.authorization = verification.approve(found.authorization, auth_time=0, **change)
        else:
            found.authorization = verification.deny(found.authorization, **change)
        found.bell.set()
        return self.now()

    def _begin(self) -> Answer:
        code = f"CODE-{len(self.codes)}"
        now = self.now()
        self.codes[code] = Waiting(DeviceAuthorization(b"", b"", "tv", ("profile",), now, now + self.code_for))
        content = {"device_code": code, "user_code": code, "verification_uri": "https://tv.example.com/device"}
        return Answer(200, {**content, "expires_in": self.code_for // 1_000, "interval": 5})

    async def _token(self, form: dict[str, str], hold_for: int) -> Answer:
        if form["grant_type"] == "refresh_token":
            return self._refreshed(form["refresh_token"])
        self.asked_at.append(self.now())
        code = form["device_code"]
        try:
            answer = await self._redeemed(code, form["client_id"], hold_for)
            self._note(code, "tokens")
        except OAuthError as error:
            self._note(code, error.error)
            answer = Answer(error.status, {"error": error.error, **error.members})
        return answer

    async def _redeemed(self, code: str, client_id: str, hold_for: int) -> Answer:
        found = self.codes.get(code)
        if found is None:
            raise InvalidGrant("unknown")
        try:
            poll(found.authorization, client_id, self.now())
        except AuthorizationPending:
            found.pace, is_early = keep_pace(found.pace, self.now())
            if is_early:
                raise slow_down(found.pace) from None
            if hold_for:
                await self._hold(found, hold_for)
        found.authorization = redeem(found.authorization, client_id, self.now())
        return self._tokens()

    async def _hold(self, found: Waiting, hold_for: int) -> None:
        try:
            async with asyncio.timeout(hold_for):
                await found.bell.wait()
        except TimeoutError:
            pass

    def _tokens(self) -> Answer:
        content = {"access_token": "a", "token_type": "Bearer", "expires_in": 900, "scope": "profile"}
        if self.gives_refresh_token:
            refresh_token = f"refresh-{len(self.refresh_tokens)}"
            self.refresh_tokens.add(refresh_token)
            content["refresh_token"] = refresh_token
        return Answer(200, content)

    def _refreshed(self, refresh_token: str) -> Answer:
        if refresh_token not in self.refresh_tokens:
            return Answer(400, {"error": "invalid_grant"})
        self.refresh_tokens.remove(refresh_token)
        self._note("refresh", "tokens")
        return self._tokens()

    def _note(self, code: str, word: str) -> None:
        self.asked.setdefault(code, []).append(word)


def live(world: World, habit: Habit, *, run_for: int = 3_600_000) -> Life:
    """The whole life of one device in this world; a mishap is written into it, as the fleet would."""

    async def sleep(milliseconds: int) -> None:
        await asyncio.sleep(milliseconds / 1_000)

    async def story() -> Life:
        ground = Ground(ENDPOINTS, world, world, "tv", "profile", world.now, sleep, run_for)
        device = Device("TV", habit, ground, habit.luck)
        try:
            if await device.sign_in() is not None:
                device.life.end = "signed_in"
        except Mishap as mishap:
            device.life.failed(mishap.reason, mishap.sentence)
        return device.life

    return run(story())
