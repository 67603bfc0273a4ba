"""The look-ups of names for what the server asks of others: in threads of their own, and never all for one name server.

Clients name the hosts (RFC 7591 section 5), and getaddrinfo knows no limit in time that we set.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import cache
from typing import Final

AT_ONCE: Final = 16
PER_SITE: Final = 4  # the names under the last two labels, which may share a name server that never answers


class Turns:
    """So many at once for each key; the others wait."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._of: dict[str, tuple[asyncio.Semaphore, int]] = {}

    async def take(self, key: str) -> None:
        own, users = self._of.get(key, (asyncio.Semaphore(self._at_once), 0))
        self._of[key] = own, users + 1
        try:
            await own.acquire()
        except BaseException:
            self._leave(key)
            raise

    def give_back(self, key: str) -> None:
        self._of[key][0].release()
        self._leave(key)

    @asynccontextmanager
    async def one(self, key: str) -> AsyncIterator[None]:
        await self.take(key)
        try:
            yield
        finally:
            self.give_back(key)

    def _leave(self, key: str) -> None:
        own, users = self._of.pop(key)
        if users > 1:
            self._of[key] = own, users - 1


class LookUps:
    """Those of one event loop."""

    def __init__(self) -> None:
        self._names, self._sites = Turns(1), Turns(PER_SITE)

    async def addresses(self, host: str, port: int) -> list[str]:
        """What the name stands for now. Raises `OSError`, `UnicodeError`.

        A look-up goes on in its thread when nobody waits for it any more. It keeps its turn until it ends, so that a
        name server which never answers holds one thread for each name, a few for each site, and leaves others theirs.
        """
        loop = asyncio.get_running_loop()
        with ExitStack() as turns:
            for of, key in ((self._names, host), (self._sites, ".".join(host.removesuffix(".").split(".")[-2:]))):
                await of.take(key)
                turns.callback(of.give_back, key)
            job = _threads().submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            held = turns.pop_all()

        def end(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed, and its turns with it
                loop.call_soon_threadsafe(held.close)

        job.add_done_callback(end)
        return list(dict.fromkeys(str(entry[4][0]) for entry in await asyncio.wrap_future(job)))


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads for slow name servers alone: the loop's own are for passwords and the database."""
    return ThreadPoolExecutor(AT_ONCE, "look-up")
