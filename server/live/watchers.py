"""Pages that are open and want to hear of changes: held in memory, woken by news, bounded per person and in all."""

import asyncio
from typing import Final, Self

from server.oauth.device import DeviceAuthorization
from server.oauth.store import News
from server.oauth.token import Family

PER_PERSON: Final = 12
IN_ALL: Final = 2_000


class Watcher:
    """One open page. Use it in a `with` block, which gives its place back."""

    def __init__(self, watchers: "Watchers", account_id: str, key: str) -> None:
        self.key = key
        self._account_id = account_id
        self._watchers = watchers
        self._bell = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._watchers._end(self, self._account_id)

    def ring(self) -> None:
        """Something that it watches has changed, or the house closes."""
        self._bell.set()

    async def wait(self, seconds: float) -> bool:
        """Whether the bell rang in time; it is silent again."""
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            return False
        self._bell.clear()
        return True


class Watchers:
    """Those of one server, by what they watch: `device/HASH` or `account/ID`."""

    def __init__(self) -> None:
        self._by_key: dict[str, set[Watcher]] = {}
        self._of_person: dict[str, int] = {}
        self._count = 0
        self.is_closed = False

    def __len__(self) -> int:
        return self._count

    def begin(self, account_id: str, key: str) -> Watcher | None:
        """A place for one more; None when this person, or the house, has as many as there may be."""
        if self.is_closed or self._count >= IN_ALL or self._of_person.get(account_id, 0) >= PER_PERSON:
            return None
        watcher = Watcher(self, account_id, key)
        self._by_key.setdefault(key, set()).add(watcher)
        self._of_person[account_id] = self._of_person.get(account_id, 0) + 1
        self._count += 1
        return watcher

    def hear(self, news: News) -> None:
        """Wake whom this concerns; costs nothing while no page is open."""
        if not self._count or news.subject not in ("device", "family", "lost"):
            return
        if news.subject == "device":
            self._ring(f"device/{news.key}")
        if isinstance(news.value, DeviceAuthorization | Family):
            self._ring(f"account/{news.value.account_id}")
        elif news.subject != "device":  # told by another server: whose it is is not said
            for key in list(self._by_key):
                self._ring(key)

    def close(self) -> None:
        """Let every page go, and take no more."""
        self.is_closed = True
        for key in list(self._by_key):
            self._ring(key)

    def _ring(self, key: str) -> None:
        for watcher in self._by_key.get(key, ()):
            watcher.ring()

    def _end(self, watcher: Watcher, account_id: str) -> None:
        others = self._by_key[watcher.key]
        others.discard(watcher)
        if not others:
            del self._by_key[watcher.key]
        self._of_person[account_id] -= 1
        if not self._of_person[account_id]:
            del self._of_person[account_id]
        self._count -= 1
