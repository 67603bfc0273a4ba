"""Trying again while the other side is away: what devices and people do when a server restarts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from firmware_sim.life import Mishap

PAUSES_S: Final = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
Result = TypeVar("Result")


class Away(Mishap):
    """The other side cannot be reached right now; it may be back in a moment."""


async def until_back(attempt: Callable[[], Awaitable[Result]], again: Callable[[], None]) -> Result:
    """The result of the first attempt that is not `Away`; after the last pause that is raised too. `again` counts."""
    for pause_s in PAUSES_S:
        try:
            return await attempt()
        except Away:
            again()
            await asyncio.sleep(pause_s)
    return await attempt()
