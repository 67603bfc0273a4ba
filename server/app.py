"""The composition root: the only file that knows every room. It builds one server and speaks ASGI for it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.routing import Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.answers import CLIENT, NO_STORE, REFUSED, Counter, json_answer
from server.desk.desk import HouseDesk
from server.endpoints.fast_poll import FastPoll
from server.endpoints.token import PATH as TOKEN_PATH
from server.gateway.audited import AuditedDoorkeeper
from server.gateway.brokers import open_broker
from server.gateway.brokers.port import Broker
from server.gateway.doorkeeper import HouseDoorkeeper
from server.gateway.relay import Relay
from server.house import House, wall_clock
from server.letters.box import Box
from server.notifications import Notifications
from server.oauth.errors import OAuthError
from server.oauth.event import Origin, happened
from server.oauth.secret import draw_id
from server.oauth.store import News
from server.oauth.token import Family
from server.routes import API_PATH, Errand, first_word, first_words, routes
from server.settings import DAY, Settings
from server.signing.passkey import party_of
from server.storage import open_storage
from web_verify.look import Look
from web_verify.routes import lost, pages, sent_back, turned_away

SWEEP_EVERY: Final = 30.0


class Porchlight:
    """One server. `start` before the first request, `close` after the last; both by the ASGI lifespan, or by hand."""

    def __init__(self, settings: Settings, *, now: Callable[[], int] = wall_clock) -> None:
        """`settings.issuer` must be known by now. `now` gives milliseconds since the epoch."""
        store = open_storage(settings.storage_url)
        self.house = House(settings, store, store.readings, now)
        look = Look(
            name=settings.service_name,
            host=urlsplit(settings.issuer).netloc,
            prefix=settings.path,
            secure_cookies=settings.is_secure,
            has_digits=settings.user_code == "digits",
            idle_days=settings.refresh_idle_for // DAY,
            takes_sign_ups=settings.registration == "open",
            sends_mail=bool(settings.smtp_url),
            shortest_password=settings.shortest_password,
            takes_passkeys=party_of(settings.issuer, settings.service_name) is not None,
            providers=tuple((key, each.name) for key, each in self.house.providers.known.items()),
        )
        desk = HouseDesk(self.house)
        self._lost = lost(desk, look)
        table = routes(self.house, pages(desk, look), turned_away(desk, look), sent_back(desk, look))
        self._machines = frozenset(first_words(table, Counter))
        self._errands = frozenset(first_words(table, Errand))
        self._router = Router(table, default=self._nowhere, redirect_slashes=False)
        self._front = FastPoll(self._behind, self.house, settings.path + TOKEN_PATH)
        doorkeeper = AuditedDoorkeeper(self.house, HouseDoorkeeper(self.house))
        self._broker = open_broker(settings, doorkeeper, self.house.now)
        self._relay = Relay(self._behind, settings.path + API_PATH, self.house.now)
        self._box = Box(self.house)
        self.notifications = Notifications(self.house)
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open everything. Raises `StorageError` and `OSError` (a taken MQTT port) with what is wrong."""
        await self.house.open()
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep())
        self.notifications.start()
        self._box.start()
        if self._broker is not None:
            self.house.on_news(self._hear)
            await self._broker.start(self._relay.answer)
            self.house.sessions = self._broker

    def begin_to_close(self) -> None:
        """Let held requests go, so that a server that waits for its last requests need not wait long."""
        self.house.is_closing = True
        self.house.sign_ins.close()
        self.house.watchers.close()
        self.house.backchannels.close()

    async def close(self) -> None:
        """Tell every device goodbye and finish what was begun."""
        self.begin_to_close()
        if self._sweeping is not None:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping
        await self._box.stop()
        if self._broker is not None:
            await self._broker.stop()
        await self.notifications.close()
        await self.house.close()

    def repeat(self, wire: bytes) -> tuple[Sequence[bytes], bool] | None:
        """The answer to a request that repeats these bytes of a pending poll, for the street door; None: read it."""
        return self._front.repeat(wire)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._front(scope, receive, send)

    async def _behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything that the fast path leaves: each request gets an id, which its log lines and its page have too."""
        scope["porchlight.request_id"] = draw_id()
        scope[REFUSED] = self._refused
        scope["app"] = self  # so that a route refuses by raising, not with text of its own
        try:
            await self._router(scope, receive, send)
        except HTTPException as refused:
            if refused.status_code == 404:  # under the path of the issuer
                await self._nowhere(scope, receive, send)
            else:
                await _json_of(refused)(scope, receive, send)

    def _refused(self, scope: Scope, error: OAuthError) -> None:
        """A refusal is an event, unless it is part of an ordinary sign-in or told of already."""
        if error.is_ordinary or error.is_recorded:
            return
        word, client = self._first_word(scope), scope.get("client")
        origin = Origin(client[0] if client else "", scope["porchlight.request_id"])
        detail = f"{error.error} at /{word}" if word in self._machines | self._errands else error.error
        told = happened("refused", "stranger", self.house.now(), origin, client_id=scope.get(CLIENT, ""), detail=detail)
        self.house.refusals.note(told)

    async def _nowhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        """No route leads here: machines get JSON, people a page."""
        if scope["type"] == "http" and self._first_word(scope) not in self._machines:
            await self._lost(scope, receive, send)
        elif scope["type"] == "http":
            await _json_of(HTTPException(404))(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    def _first_word(self, scope: Scope) -> str:
        return first_word(scope["path"].removeprefix(self.house.settings.path))

    def _hear(self, news: News) -> None:
        """A family that ended takes its MQTT session with it, wherever it was ended."""
        if news.subject == "family" and self._broker is not None:
            self.house.do_later(self._close(self._broker, news))

    async def _close(self, broker: Broker, news: News) -> None:
        family = news.value if isinstance(news.value, Family) else await self.house.store.find_family(news.key)
        if family is not None:
            await broker.close(family.family_id, family.device_id)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            self.house.do_later(self.house.sweep())

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            step = self.start if message["type"] == "lifespan.startup" else self.close
            try:
                await step()
            except Exception as error:
                await send(_lifespan(message, "failed", message=str(error)))
                raise
            await send(_lifespan(message, "complete"))
            if message["type"] == "lifespan.shutdown":
                return


def _json_of(refused: HTTPException) -> ASGIApp:
    word = {404: "not_found", 405: "method_not_allowed"}.get(refused.status_code, "invalid_request")
    headers = {**NO_STORE, **{name.lower(): value for name, value in (refused.headers or {}).items()}}
    return json_answer({"error": word}, refused.status_code, headers)


def _lifespan(about: Message, outcome: str, **members: str) -> Message:
    return {"type": f"{about['type']}.{outcome}", **members}
