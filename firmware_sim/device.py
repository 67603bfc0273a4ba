"""One simulated device: a short loop over the shared flow (RFC 8628), bent by its habit."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from random import Random
from typing import Protocol

from device_agent.flow.answers import seconds, text
from device_agent.flow.refresh import DEFAULT_LIFETIME, Refresh
from device_agent.flow.sign_in import SignIn
from device_agent.flow.steps import Done, Opened, Send, Show, Stop, Wait
from firmware_sim.clock import Clock
from firmware_sim.discovery import Endpoints
from firmware_sim.habits.habit import Habit, Moment
from firmware_sim.life import Life, Mishap
from firmware_sim.road import Answer, Lost, Road

Flow = SignIn | Refresh
CUT_AFTER: tuple[int, int] = (20, 400)  # milliseconds until a connection breaks


class People(Protocol):
    """Whoever stands before the screens."""

    async def decide(self, show: Show, decision: str, number: Callable[[Collection[str]], Awaitable[str]]) -> int:
        """Approve or deny on the pages; the instant (of `Ground.true_now`) of the answer. Raises `Mishap`.

        `number` waits for the device to show a number, one of those it is given; "" when it shows none any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What all devices stand on: the server, the road to it, the people, and true time in milliseconds.

    `ends_at` is when the whole run is over.
    """

    endpoints: Endpoints
    road: Road
    people: People
    client_id: str
    scope: str
    true_now: Callable[[], int]
    sleep: Callable[[int], Awaitable[object]]
    ends_at: int


class Device:
    """A device with a name, a habit and luck of its own. `life` is what became of it so far."""

    def __init__(self, name: str, habit: Habit, ground: Ground, luck: Random) -> None:
        self._name = name
        self._habit = habit
        self._ground = ground
        self._luck = luck
        self._clock = Clock(luck.randint(0, 10**12), ground.true_now)
        self._decided_at: dict[str, int] = {}
        self._shown: Show | None = None
        self._is_answer_lost = False
        self._screen = asyncio.Condition()
        self._numbers: dict[str, str] = {}
        self._dark: set[str] = set()
        self._people: asyncio.TaskGroup | None = None
        self.life = Life(habit.name, habit.ends)

    async def sign_in(self) -> dict[str, object] | None:
        """Live until the tokens are here (then returns the token answer) or the sign-in ended; raises `Mishap`."""
        try:
            async with asyncio.TaskGroup() as self._people:  # a person who fails ends the device's waiting too
                end, arrived_at = await self._until_the_end(self._fresh())
        except ExceptionGroup as group:
            mishaps = group.subgroup(Mishap)
            raise (mishaps.exceptions[0] if mishaps else group) from None
        if isinstance(end, Done):
            decided_at = self._decided_at.get(self._shown.user_code if self._shown else "", arrived_at)
            self.life.waited_for = max(0, arrived_at - decided_at)
            return await self._after_restart(end.answer) if self._restarts("signed_in") else end.answer
        if end.reason in ("denied", "expired"):
            self.life.end = "denied" if end.reason == "denied" else "expired"
            return None
        raise Mishap(end.detail or end.reason, f"the sign-in ended: {end.reason} {end.detail}".rstrip())

    async def _until_the_end(self, flow: SignIn) -> tuple[Done | Stop, int]:
        """The end of the sign-in, new codes and restarts included, and its instant in true time."""
        while True:
            end = await self._drive(flow)
            await self._go_dark()
            if end is None:
                flow = self._fresh()
                continue
            is_answer_lost = self._is_answer_lost and isinstance(end, Stop) and end.detail == "invalid_grant"
            self.life.lost_answers += is_answer_lost
            if isinstance(end, Done) or not self._habit.begins_again(end, is_answer_lost=is_answer_lost):
                return end, self._ground.true_now()
            self.life.new_codes += 1
            self._is_answer_lost = False
            flow.again(self._clock.now())

    async def _drive(self, flow: Flow) -> Done | Stop | None:
        """Obey the flow until it ends; None when the device forgot what it was doing."""
        while True:
            step = flow.next(self._clock.now())
            if isinstance(step, Send):
                await self._send(flow, step)
            elif isinstance(step, Wait):
                await self._rest(step)
            elif isinstance(step, Show):
                if self._show(step):
                    return None
            elif isinstance(step, Opened):
                await self._say_number(flow, step.match)
            else:
                return step

    async def _send(self, flow: Flow, send: Send) -> None:
        self.life.requests += 1
        answer = await self._ask(send)
        self._clock.jump(self._habit.drift())
        now = self._clock.now()
        if answer is None:
            self.life.lost_requests += 1
            flow.lost(now)
            return
        self.life.slow_downs += text(answer.content, "error") == "slow_down"
        if isinstance(flow, SignIn):
            flow.received(answer.status, answer.content, now, answer.retry_after_for, answer.held_for)
        else:
            flow.received(answer.status, answer.content, now, answer.retry_after_for)

    async def _ask(self, send: Send) -> Answer | None:
        """The answer, or None when the habit's network or the real one lost it."""
        fate = self._habit.fate(send)
        if fate == "unsent":
            return None
        url = self._ground.endpoints.token if send.to == "token" else self._ground.endpoints.device_authorization
        cut_after = self._luck.randint(*CUT_AFTER) / 1_000 if fate == "cut" else None
        try:
            async with asyncio.timeout(cut_after):
                answer = await self._ground.road.post(url, send.form, hold_for=send.hold_for)
        except (Lost, TimeoutError):
            self._is_answer_lost |= send.to == "token"  # who knows what was in it
            return None
        if fate == "dropped":
            self._is_answer_lost |= answer.status == 200 and send.to == "token"
            return None
        return answer

    async def _rest(self, wait: Wait) -> None:
        gap = max(0, wait.until - self._clock.now())
        rests_for, runs_ahead = self._habit.rest(wait, gap)
        self._clock.jump(runs_ahead)
        await self._ground.sleep(rests_for + 1)  # a timer may be early by a hair, the flow's instant is exact

    def _show(self, show: Show) -> bool:
        """Put the code before the person; True when the device forgets it."""
        self._shown = show
        if self._restarts("shown"):
            return True
        if self._habit.decision and self._people is not None:
            self._people.create_task(self._person(show))
        elif self._ground.true_now() + show.expires_at - self._clock.now() >= self._ground.ends_at:
            raise Mishap(
                "code_outlives_run", "the code lives longer than --timeout; set a short code_for on the server"
            )
        self._clock.jump(self._habit.oversleeps())
        return self._restarts("told")

    async def _person(self, show: Show) -> None:
        await self._ground.sleep(self._habit.thinks_for())
        self._decided_at[show.user_code] = await self._ground.people.decide(
            show, self._habit.decision, lambda choices: self._number_of(show.user_code, choices)
        )

    async def _number_of(self, user_code: str, choices: Collection[str]) -> str:
        """The number that the screen shows for this code, once it is one of these (none: any)."""
        async with self._screen:
            await self._screen.wait_for(lambda: user_code in self._dark or self._shows(user_code, choices))
            return "" if user_code in self._dark else self._numbers[user_code]

    def _shows(self, user_code: str, choices: Collection[str]) -> bool:
        number = self._numbers.get(user_code)
        return number is not None and (not choices or number in choices)

    async def _say_number(self, flow: Flow, match: str) -> None:
        if isinstance(flow, SignIn) and match:
            async with self._screen:
                self._numbers[flow.polled().user_code] = match
                self._screen.notify_all()

    async def _go_dark(self) -> None:
        """The code is gone from the screen: whoever waits for its number leaves."""
        async with self._screen:
            self._dark.add(self._shown.user_code if self._shown is not None else "")
            self._screen.notify_all()

    def _restarts(self, moment: Moment) -> bool:
        forgets = self._habit.forgets(moment)
        self.life.restarts += forgets
        return forgets

    async def _after_restart(self, kept: dict[str, object]) -> dict[str, object]:
        """Only the refresh token survived, its access token's age is unknown: renew (RFC 6749 section 6)."""
        refresh_token = text(kept, "refresh_token")
        if not refresh_token:
            raise Mishap("no_refresh_token", "the server gave no refresh token; register the client with that grant")
        now = self._clock.now()
        flow = Refresh(self._ground.client_id, refresh_token, now, seconds(kept, "expires_in", DEFAULT_LIFETIME))
        flow.hurry(now)
        end = await self._drive(flow)
        if not isinstance(end, Done):
            raise Mishap("refresh_refused", "the refresh token it kept was refused")
        return end.answer

    def _fresh(self) -> SignIn:
        ground = self._ground
        hold_for = ground.endpoints.hold_for if self._habit.does_hold else 0
        # A device that has its requests held hears of the phone at once; any other is a plain RFC 8628 client.
        return SignIn(
            ground.client_id, ground.scope, self._name, hold_for, jitter=self._jitter, shows_match=self._habit.does_hold
        )

    def _jitter(self, gap: int) -> int:
        return self._luck.randint(0, max(1, gap // 10))
