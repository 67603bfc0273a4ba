"""Runs the fleet: so many devices with their habits, started at a rate, a bounded number alive at once."""

import asyncio
import sys
import traceback
from collections.abc import Sequence
from random import Random
from typing import Final

from firmware_sim.clock import steady
from firmware_sim.device import Device, Ground
from firmware_sim.discovery import Wrong, discover
from firmware_sim.habits import BY_NAME
from firmware_sim.habits.habit import Habit
from firmware_sim.life import Life, Mishap
from firmware_sim.open_files import allow_open_files
from firmware_sim.order import Order
from firmware_sim.person import BROWSERS, Crowd
from firmware_sim.progress import Watcher
from firmware_sim.report import Run
from firmware_sim.road import HttpRoad
from firmware_sim.work import work

AT_ONCE: Final = 4_000  # devices alive at the same time; each has at most one HTTP and one MQTT connection
SPARE_FILES: Final = 64


class Fleet:
    """The devices of one order. `lives` grows as they are switched on; `stop` may be called from a signal."""

    def __init__(self, order: Order, watch: Watcher) -> None:
        self.order = order
        self.watch = watch
        self.is_stopped = False
        self.lives: list[Life] = []
        self._running: asyncio.Task[None] | None = None

    async def run(self) -> tuple[list[Life], Run]:
        """Every device to its end, or to the end of the time. Raises `Wrong`, `Unreachable`, `Mishap` before any
        device starts."""
        order = self.order
        at_once = min(order.count, AT_ONCE)
        allow_open_files(2 * at_once + 2 * BROWSERS + SPARE_FILES)
        road = HttpRoad(at_once)
        began_at = steady()
        crowd: Crowd | None = None
        try:
            endpoints = await discover(road, order.server)
            if order.with_mqtt and not endpoints.mqtt_credentials:
                raise Wrong("the server names no mqtt_credentials_endpoint; add --no-mqtt")
            crowd = Crowd(endpoints, order.username, order.password)
            if order.needs_person:
                await crowd.check()
            ground = Ground(
                endpoints, road, crowd, order.client_id, order.scope, steady, _sleep, began_at + order.timeout_for
            )
            await self._live(ground, at_once)
        finally:
            await road.close()
            if crowd is not None:
                await crowd.close()
        return self.lives, Run(order.server, crowd.requests, crowd.reloads, steady() - began_at, self.is_stopped)

    def stop(self) -> bool:
        """End every device now; what they lived through so far is reported. False before any device started."""
        self.is_stopped = True
        if self._running is None:
            return False
        self._running.cancel()
        return True

    async def _live(self, ground: Ground, at_once: int) -> None:
        self._running = asyncio.create_task(self._switch_on(ground, at_once))
        left_s = max(0, ground.ends_at - steady()) / 1_000
        await asyncio.wait((self._running,), timeout=left_s)
        if not self._running.done():
            self._running.cancel()
        await asyncio.wait((self._running,))
        if not self._running.cancelled():
            self._running.result()
        self._end_the_rest()

    def _end_the_rest(self) -> None:
        """Devices that were cut short, and those that were never switched on, have failed: by name."""
        seconds = f"the run ended after {self.order.timeout_for / 1_000:g} s (--timeout)"
        reason, why = ("interrupted", "the run was interrupted") if self.is_stopped else ("timeout", seconds)
        for life in self.lives:
            if life.end is None:
                life.failed(reason, why)
        for habit in _crew(self.order)[len(self.lives) :]:
            self.lives.append(Life(habit.name, habit.ends, "failed", "never_started", why))

    async def _switch_on(self, ground: Ground, at_once: int) -> None:
        """One device after another, at the ordered rate."""
        free = asyncio.Semaphore(at_once)
        began_at = steady()
        async with asyncio.TaskGroup() as alive:
            for number, habit in enumerate(_crew(self.order)):
                due_for = int(number * 1_000 / self.order.rate) - (steady() - began_at)
                await asyncio.sleep(max(0, due_for) / 1_000)
                await free.acquire()
                luck = Random(f"{self.order.seed}/{number}")  # noqa: S311 - a game of chance, not a secret
                device = Device(f"Simulated {habit.name} {number + 1}", habit(luck), ground, luck)
                self.lives.append(device.life)
                task = alive.create_task(self._one(device, ground))
                task.add_done_callback(lambda _: free.release())

    async def _one(self, device: Device, ground: Ground) -> None:
        life = device.life
        try:
            tokens = await device.sign_in()
            if tokens is not None:
                if self.order.with_mqtt:
                    await work(ground.endpoints, ground.road, tokens, self.order.calls, life)
                life.end = "signed_in"
        except Mishap as mishap:
            life.failed(mishap.reason, mishap.sentence)
        except Exception as error:
            # One device's fault in this program must not end a thousand others, and must not be hidden either.
            if not any(other.reason == "simulator_fault" for other in self.lives):
                traceback.print_exc(file=sys.stderr)
            life.failed("simulator_fault", repr(error))
        self.watch(life)


def _crew(order: Order) -> Sequence[type[Habit]]:
    """A habit for each device, in an order that only the seed decides."""
    crew = [BY_NAME[name] for name, number in order.habits for _ in range(number)]
    Random(f"{order.seed}/crew").shuffle(crew)  # noqa: S311 - as above
    return crew


async def _sleep(milliseconds: int) -> None:
    await asyncio.sleep(milliseconds / 1_000)
