"""The bell of something that is waited for: one request at a time waits; it rings when there is something new."""

import asyncio
from typing import Protocol


class Awaited(Protocol):
    """What has a bell."""

    bell: asyncio.Future[None] | None


def ring(awaited: Awaited) -> None:
    """Wake whoever waits."""
    if awaited.bell is not None and not awaited.bell.done():
        awaited.bell.set_result(None)


async def wait_for(awaited: Awaited, seconds: float) -> None:
    """Return when it rings, after `seconds`, or when a later request takes over the waiting."""
    ring(awaited)
    bell = awaited.bell = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout(seconds):
            await bell
    except TimeoutError:
        pass
    finally:
        if awaited.bell is bell:
            awaited.bell = None
