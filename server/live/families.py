"""Which token families have ended, and which clients there are: held in memory, kept fresh by news.

An access token proves itself by its signature; that its family was signed out since is known only here.
"""

from server.oauth.client import Client
from server.oauth.store import News, Store


class EndedFamilies:
    """The ids of families that ended while access tokens of theirs may still be unexpired."""

    def __init__(self, store: Store, *, remember_for: int) -> None:
        self._store = store
        self._remember_for = remember_for
        self._ended: dict[str, int] = {}

    async def load(self, now: int) -> None:
        """Learn what ended lately, as after a restart or after lost news."""
        for family_id in await self._store.ended_families(now - self._remember_for):
            self._ended.setdefault(family_id, now)

    def __contains__(self, family_id: str) -> bool:
        return family_id in self._ended

    def hear(self, news: News, now: int) -> None:
        """`family` news is given only for endings."""
        if news.subject == "family":
            self._ended.setdefault(news.key, now)

    def sweep(self, now: int) -> None:
        """Forget those whose tokens have all expired."""
        self._ended = {key: at for key, at in self._ended.items() if now - at < self._remember_for}


class Clients:
    """Registered clients, read once and kept until there is news of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, Client] = {}
        self._changes = 0  # heard so far

    async def find(self, client_id: str) -> Client | None:
        client = self._kept.get(client_id)
        if client is None:
            before = self._changes
            client = await self._store.find_client(client_id)
            # What was read while news came may be what it was before the change.
            if client is not None and before == self._changes:
                self._kept[client_id] = client
        return client

    def hear(self, news: News) -> None:
        """Forget what changed; the next `find` reads it again."""
        if news.subject in ("client", "lost"):
            self._changes += 1
            self._kept.clear()
