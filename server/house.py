"""What every counter may reach: settings, time, memory, mint and news. Built by `app.py`, given to each."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Final, Protocol

from server.device_terms import house_terms
from server.live.backchannels import Backchannels
from server.live.client_keys import ClientKeys
from server.live.families import Clients, EndedFamilies
from server.live.providers import Providers
from server.live.refusals import Refusals
from server.live.replays import Replays
from server.live.shares import Shares
from server.live.sign_ins import SignIns
from server.live.watchers import Watchers
from server.oauth import proof
from server.oauth.access import Access, DeadToken
from server.oauth.authentication import ACR_VALUES, ACR_WITH_PASSKEYS
from server.oauth.delivery import Delivery, owed
from server.oauth.errors import TooMany
from server.oauth.event import happened
from server.oauth.grants.pipeline import Lifetimes, Memory
from server.oauth.guess import Limits
from server.oauth.store import FOUND, News, StorageError, Store
from server.oauth.terms import Terms
from server.oauth.token import Family
from server.places import Places
from server.settings import DAY, SECOND, Settings
from server.signing.access_token import Mint
from server.signing.keys import Algorithm, KeyRing, draw_key, is_locked, locked
from server.signing.passkey import party_of
from server.storage.readings import Readings
from server.upstream import providers_of

log: Final = logging.getLogger("porchlight")
NOTICE_FOR: Final = 86_400_000  # a notice that comes later than a day helps nobody


def wall_clock() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Sessions(Protocol):
    """The MQTT sessions of devices, as far as the rest of the house knows them."""

    @property
    def port(self) -> int:
        """The port devices connect to; 0 while there is none."""
        ...

    async def close(self, family_id: str, device_id: str) -> None:
        """End the session of this family, if there is one; closed when this returns."""
        ...

    async def renew(self, device_id: str, token: str) -> bool:
        """Let the device's open session live as long as this token. False when there is no session or it is refused."""
        ...


@dataclass(slots=True)
class Counts:
    """What happened since the start, for operators."""

    pending_polls: int = 0
    sign_ins_started: int = 0
    tokens_issued: int = 0


@dataclass(slots=True)
class House:
    """One server. `now` gives milliseconds since the epoch; tests give their own."""

    settings: Settings
    store: Store
    readings: Readings
    now: Callable[[], int] = wall_clock
    sessions: Sessions | None = None
    counts: Counts = field(default_factory=Counts)
    is_closing: bool = False
    sign_ins: SignIns = field(init=False)
    clients: Clients = field(init=False)
    client_keys: ClientKeys = field(init=False)
    providers: Providers = field(init=False)
    ended: EndedFamilies = field(init=False)
    backchannels: Backchannels = field(init=False)
    memory: Memory = field(init=False)
    limits: Limits = field(init=False)
    terms: Terms = field(init=False)
    places: Places = field(init=False)
    mint: Mint = field(init=False)
    watchers: Watchers = field(default_factory=Watchers)
    proofs: Replays = field(default_factory=Replays)
    assertions: Replays = field(default_factory=Replays)
    requests: Shares = field(init=False)
    refusals: Refusals = field(init=False)
    _hearers: list[Callable[[News], None]] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        chosen = self.settings
        self.sign_ins = SignIns(
            self.store,
            is_shared=chosen.is_shared_storage,
            capacity=chosen.max_sign_ins,
            per_network=chosen.sign_ins_per_network,
        )
        self.clients = Clients(self.store)
        self.client_keys = ClientKeys(chosen, self.now)
        self.providers = Providers(chosen, providers_of(chosen), self.now)
        self.requests = Shares(chosen.requests_per_network)
        self.refusals = Refusals(self.store, self.do_later)
        self.ended = EndedFamilies(self.store, remember_for=chosen.access_for * SECOND + 60 * SECOND)
        self.backchannels = Backchannels(self.store)
        self.memory = Memory(
            self.store,
            self.sign_ins,
            Lifetimes(
                access=chosen.access_for * SECOND,
                refresh_idle=chosen.refresh_idle_for * SECOND,
                refresh=chosen.refresh_for * SECOND,
            ),
            audience=chosen.api_audience,
            audiences={name: tuple(scopes.split()) for name, scopes in chosen.audiences.items()},
            read=self.read,
            backchannels=self.backchannels,
            notices=self.notices,
        )
        self.terms = house_terms(chosen)
        self.places = Places(chosen.geoip_database)
        self.limits = Limits(
            per_session=chosen.tries_per_session,
            per_account=chosen.tries_per_account,
            per_network=chosen.tries_per_network,
            per_service=chosen.tries_per_service,
        )
        self.mint = Mint(KeyRing(()), chosen.issuer, chosen.api_audience, chosen.signing_algorithm)

    async def open(self) -> None:
        """Open the storage, take up what was in progress, and make sure there are keys."""
        if self.settings.mtls_ca:
            from server.signing.certificate import check_authorities

            check_authorities(self.settings.mtls_ca)
        await self.store.open(self.hear)
        await self.sign_ins.load(self.now())
        await self.ended.load(self.now())
        await self._make_keys()

    async def close(self) -> None:
        """Let waiting requests go, then let the storage finish."""
        self.is_closing = True
        self.sign_ins.close()
        self.backchannels.close()
        await self.refusals.finish(self.now())
        for task in self._tasks:
            task.cancel()
        self.places.close()
        await self.store.close()

    @property
    def acr_values(self) -> tuple[str, ...]:
        """How well people can prove on our pages who they are."""
        has_passkeys = party_of(self.settings.issuer, self.settings.service_name) is not None
        return ACR_WITH_PASSKEYS if has_passkeys else ACR_VALUES

    def notices(self, family: Family) -> tuple[Delivery, ...]:
        """What is owed when this device signs in: the notices that are set up."""
        wanted = (("device_mail", self.settings.smtp_url), ("device_webhook", self.settings.notice_webhook))
        return tuple(
            owed(kind, family.family_id, self.now(), account_id=family.account_id, lasts_for=NOTICE_FOR)
            for kind, is_wanted in wanted
            if is_wanted
        )

    def check(self, token: str) -> Access:
        """What a living access token of a living family says; raises `InvalidToken`."""
        return self._living(self.mint.check(token, self.now()))

    def read(self, token: str) -> Access:
        """Like `check`, for whichever resource server the token is."""
        return self._living(self.mint.read(token, self.now()))

    def _living(self, access: Access) -> Access:
        if access.family_id in self.ended:
            raise DeadToken("the device was signed out")
        return access

    def nonces(self) -> tuple[str, ...]:
        """The DPoP nonces that are good now, the one to hand out first; the same on every server."""
        return proof.nonces(self.mint.ring.nonce_secret, self.now())

    def demand_share(self, address: str) -> None:
        """Raise `TooMany` when this network began its share of what leaves something behind."""
        wait = self.requests.take(address, self.now())
        if wait:
            raise TooMany("too many requests from this network; try again later", retry_after=-(-wait // SECOND))

    def on_news(self, hear: Callable[[News], None]) -> None:
        """Call `hear` with all news, after the house itself has taken it."""
        self._hearers.append(hear)

    def hear(self, news: News) -> None:
        """Take news of the storage; in the event loop."""
        self.sign_ins.hear(news)
        self.backchannels.hear(news)
        self.clients.hear(news)
        self.ended.hear(news, self.now())
        self.watchers.hear(news)
        if news.subject == "key" or news == FOUND:
            self.do_later(self._load_keys())
        if news == FOUND:
            self.do_later(self.ended.load(self.now()))
        for hear in self._hearers:
            hear(news)

    def do_later(self, work: Coroutine[object, object, None]) -> None:
        """Do this in the background; a failure is logged."""
        task = asyncio.get_running_loop().create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def sweep(self) -> None:
        """Forget what is dead, in memory and in the storage."""
        now = self.now()
        self.sign_ins.sweep(now)
        self.backchannels.sweep(now)
        self.ended.sweep(now)
        self.proofs.sweep(now)
        self.assertions.sweep(now)
        self.requests.sweep(now)
        self.refusals.sweep(now)
        while await self.store.sweep(now, audit_for=self.settings.audit_for * DAY * SECOND):
            continue

    async def _make_keys(self) -> None:
        """Draw what is missing, and encrypt what is not yet when there is a secret to do it with."""
        kept, secret, now = await self.store.keys(), self.settings.key_secret, self.now()
        needed: set[Algorithm] = {"RS256", self.mint.algorithm}  # RS256: every OpenID client can verify it
        for algorithm in sorted(needed - {key.algorithm for key in kept}):
            drawn = await asyncio.to_thread(draw_key, algorithm, now, now, secret)
            told = happened("key_drawn", "house", now, detail=f"{algorithm} {drawn.key_id}")
            await self.store.add_key(drawn, events=(told,))
        for key in kept:
            if secret and not is_locked(key):
                told = happened("key_encrypted", "house", now, detail=f"{key.algorithm} {key.key_id}")
                await self.store.change_key(await asyncio.to_thread(locked, key, secret), events=(told,))
        await self._load_keys()

    async def _load_keys(self) -> None:
        self.mint.use(await asyncio.to_thread(KeyRing, await self.store.keys(), self.settings.key_secret))


async def _logged(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except StorageError as error:
        log.error("the storage failed: %s", error)
    except Exception:
        log.exception("something in the background failed")
