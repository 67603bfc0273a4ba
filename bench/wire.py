"""One kept connection that keeps a cookie: the least of a browser and of a client, so that the load costs little."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlencode

from firmware_sim.pages import Page, read_page

from .house import request

_COOKIE = b"\r\nset-cookie: porchlight_session="


@dataclass(frozen=True, slots=True)
class Reply:
    """`location` is where a redirect points to."""

    status: int
    location: str
    body: bytes

    def page(self) -> Page:
        """What a browser makes of it. Raises `RuntimeError` for anything but a page."""
        self.demand(200)
        return read_page(200, "", self.body.decode())

    def demand(self, status: int) -> "Reply":
        """Raise `RuntimeError` unless it is this status: a wrong answer is fast, too."""
        if self.status != status:
            raise RuntimeError(f"an answer was {self.status} and not {status}: {self.body[:300]!r}")
        return self


class Wire:
    """To a server on this machine; requests go one after another."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.cookie = cookie
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> Reply:
        return await self._ask(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n".encode())

    async def post(self, path: str, *pairs: tuple[str, str]) -> Reply:
        return await self._ask(request(self._port, path, urlencode(pairs)))

    async def _ask(self, whole: bytes) -> Reply:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        if self.cookie:
            line, end, rest = whole.partition(b"\r\n")
            whole = line + end + f"Cookie: porchlight_session={self.cookie}\r\n".encode() + rest
        writer.write(whole)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0] or b"0")
        body = await reader.readexactly(length)
        if _COOKIE in head:
            self.cookie = head.partition(_COOKIE)[2].partition(b";")[0].decode()
        location = head.partition(b"\r\nlocation: ")[2].partition(b"\r")[0].decode()
        return Reply(int(head[9:12]), location, body)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
