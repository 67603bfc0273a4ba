"""The keys of clients that publish them at an address of their own (`jwks_uri`, RFC 7591 section 2), held in memory.

Whoever shows a key nobody knows can make us look again, but not more than once a minute for each client, and never
twice at the same time: a flood of made-up keys is no flood of requests.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from server.oauth.client import Client
from server.oauth.errors import InvalidClient, InvalidRequest
from server.oauth.registration import LONGEST_JWKS
from server.outbound import Refused, fetch
from server.settings import Settings
from server.signing.assertion import check_jwks

FRESH_FOR: Final = 600_000  # milliseconds after which keys are asked for again
AGAIN_AFTER: Final = 60_000  # between two requests to one address
STALE_FOR: Final = 86_400_000  # how long the last keys hold while the address does not answer
MOST: Final = 2_000


@dataclass(slots=True)
class _Held:
    """Keys of one address. `tried_at` is the last request, `fetched_at` the last one that brought them."""

    jwks: str = ""
    fetched_at: int = 0
    tried_at: int | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ClientKeys:
    """Asks by the one way out (`server/outbound.py`)."""

    def __init__(self, settings: Settings, now: Callable[[], int]) -> None:
        self._settings, self._now = settings, now
        self._held: dict[tuple[str, str], _Held] = {}

    async def of(self, client: Client) -> str:
        """The client's JWK Set, in JSON. Raises `InvalidClient` when it has none, or none can be had."""
        if client.jwks or not client.jwks_uri:
            return _known(client.jwks)
        held = self._holder(client)
        async with held.lock:
            age = self._now() - held.fetched_at
            if not (held.jwks and 0 <= age < FRESH_FOR):
                await self._look(client.jwks_uri, held)
            return _known(held.jwks if 0 <= self._now() - held.fetched_at < STALE_FOR else "")

    async def again(self, client: Client) -> str | None:
        """The keys once more, for one that was not among them. None: they are the same, or it is too soon to ask."""
        if client.jwks or not client.jwks_uri:
            return None
        held = self._holder(client)
        async with held.lock:
            before = held.jwks
            await self._look(client.jwks_uri, held)
            return held.jwks if held.jwks != before else None

    def _holder(self, client: Client) -> _Held:
        key = (client.client_id, client.jwks_uri)
        if key not in self._held and len(self._held) >= MOST:
            self._held.pop(next(iter(self._held)))
        return self._held.setdefault(key, _Held())

    async def _look(self, uri: str, held: _Held) -> None:
        """Ask, unless somebody just did; what is no JWK Set changes nothing."""
        now = self._now()
        if held.tried_at is not None and 0 <= now - held.tried_at < AGAIN_AFTER:
            return
        held.tried_at = now
        try:
            accept = [("accept", "application/jwk-set+json, application/json")]
            answer = await fetch(self._settings, "GET", uri, headers=accept, limit=LONGEST_JWKS)
            if answer.status == 200:
                held.jwks, held.fetched_at = check_jwks(answer.body.decode()), now
        except (Refused, InvalidRequest, UnicodeDecodeError):
            return


def _known(jwks: str) -> str:
    if not jwks:
        raise InvalidClient("the keys of this client are not known, or cannot be fetched now")
    return jwks
