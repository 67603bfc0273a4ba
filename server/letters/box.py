"""The outbox: takes what is owed out of the storage, brings it, and tries again later what could not be brought.

Several servers may empty one box: each delivery is claimed by one of them at a time. What is brought may be brought
twice when a server dies between bringing and noting it; never not at all while it is worth it.
"""

import asyncio
import contextlib
import logging
from typing import Final

from server.house import House
from server.letters.smtp import NotSent
from server.oauth.delivery import Delivery, postponed
from server.oauth.store import News, StorageError
from server.outbound import Refused

AT_ONCE: Final = 2
MOST: Final = 16  # claimed together
LOOK_EVERY: Final = 15.0  # seconds: for what is tried again, and for what news was lost
log: Final = logging.getLogger("porchlight")


class Box:
    """One server's hands on the box."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._bell = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with what was left over before."""
        self._house.on_news(self._hear)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Begin nothing more. What was on its way is brought again by whoever claims it next."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _hear(self, news: News) -> None:
        if news.subject == "delivery":
            self._bell.set()

    async def _run(self) -> None:
        while True:
            try:
                await self.empty()
            except StorageError as error:
                log.error("the outbox cannot be read: %s", error)
            except Exception:
                log.exception("the outbox failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._bell.wait()

    async def empty(self) -> None:
        """Bring all that is due now."""
        self._bell.clear()
        while claimed := await self._house.store.claim_deliveries(self._house.now(), MOST):
            await asyncio.gather(*map(self._bring, claimed))

    async def _bring(self, delivery: Delivery) -> None:
        from server.letters.kinds import KINDS  # only where something is owed

        store, now, later = self._house.store, self._house.now(), None
        bring = KINDS.get(delivery.kind)
        try:
            async with self._places:
                if bring is not None and now < delivery.expires_at:
                    await bring(self._house, delivery)
        except StorageError:
            raise
        except (NotSent, Refused) as reason:
            is_final = isinstance(reason, NotSent) and reason.is_final
            later = None if is_final else postponed(delivery, now)
            log.warning(
                "%s %s %s: %s", delivery.kind, delivery.delivery_id, "waits" if later else "is given up", reason
            )
        except Exception:  # what nobody thought of waits as well, and holds up no other
            later = postponed(delivery, now)
            log.exception("%s %s %s", delivery.kind, delivery.delivery_id, "waits" if later else "is given up")
        if later is not None:
            await store.postpone_delivery(later)
        else:
            await store.settle_delivery(delivery.delivery_id)
