"""The devices' way to the server: form posts and JSON answers over HTTP, counted and bounded, with what gets lost."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp

from device_agent.flow.form import encode_form

LARGEST: Final = 65_536
PATIENCE_S: Final = 15.0
# Shorter than any server's keep-alive, so that a request never meets a connection that is just being closed.
KEEP_ALIVE_S: Final = 3.0
FORM_TYPE: Final = "application/x-www-form-urlencoded"
_WAIT: Final = re.compile(r"\bwait\s*=\s*\"?(\d{1,9})", re.IGNORECASE)

Form = tuple[tuple[str, str], ...]


class Lost(Exception):
    """No answer came; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, the parsed JSON body (None when it was none), and the two headers that the flow wants, as it wants them:
    milliseconds of Retry-After, seconds of `Preference-Applied: wait=N` (None when not applied)."""

    status: int
    content: object = None
    retry_after_for: int = 0
    held_for: int | None = None


class Road(Protocol):
    """What a device needs of a network. Raises `Lost`."""

    async def post(self, url: str, form: Form = (), *, hold_for: int = 0, token: str = "") -> Answer:
        """POST the form; `hold_for` whole seconds of `Prefer: wait`, `token` as a bearer token."""
        ...


class HttpRoad:
    """A road over aiohttp. One for all devices; `connections` at most at once."""

    def __init__(self, connections: int) -> None:
        connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEP_ALIVE_S)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def get(self, url: str) -> Answer:
        """GET, for the metadata."""
        return await self._send("GET", url, b"", {}, PATIENCE_S)

    async def post(self, url: str, form: Form = (), *, hold_for: int = 0, token: str = "") -> Answer:
        """As `Road` promises."""
        headers = {"Content-Type": FORM_TYPE} if form else {}
        if hold_for:
            headers["Prefer"] = f"wait={hold_for}"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self._send("POST", url, encode_form(form), headers, PATIENCE_S + hold_for)

    async def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str], patience_s: float) -> Answer:
        try:
            async with (
                asyncio.timeout(patience_s),
                self._session.request(
                    method, url, data=body or None, headers=headers, allow_redirects=False, timeout=_NO_TIMEOUT
                ) as response,
            ):
                text = await response.content.read(LARGEST + 1)
                while len(text) <= LARGEST and not response.content.at_eof():
                    text += await response.content.read(LARGEST + 1 - len(text))
                return _answer(response, text)
        except TimeoutError:
            raise Lost(f"no answer within {patience_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(why(error)) from None


def why(error: Exception) -> str:
    """A network error in few words, without the library's own address format."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    said = str(cause)
    if isinstance(cause, OSError) and cause.errno:
        said = (
            os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror)
        )  # below 0: the resolver's own numbers
    return said or type(cause).__name__


_NO_TIMEOUT: Final = aiohttp.ClientTimeout(total=None)  # asyncio.timeout bounds the whole request


def _answer(response: aiohttp.ClientResponse, text: bytes) -> Answer:
    try:
        content = json.loads(text) if len(text) <= LARGEST else None
    except (ValueError, RecursionError):
        content = None
    retry_after = response.headers.get("retry-after", "")
    applied = _WAIT.search(response.headers.get("preference-applied", ""))
    return Answer(
        response.status,
        content,
        int(retry_after[:6]) * 1_000 if retry_after.isdecimal() else 0,
        int(applied[1]) if applied else None,
    )
