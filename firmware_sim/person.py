"""Simulated people: each has a browser, signs in once, and approves or denies on the real pages over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from device_agent.flow.form import encode_form
from device_agent.flow.steps import Show
from firmware_sim.clock import steady
from firmware_sim.discovery import Endpoints, Wrong
from firmware_sim.life import Mishap
from firmware_sim.pages import Form, Page, read_page
from firmware_sim.patience import Away, until_back
from firmware_sim.road import FORM_TYPE, KEEP_ALIVE_S, why

Number = Callable[[Collection[str]], Awaitable[str]]
PATIENCE_S: Final = 30.0
LARGEST: Final = 262_144
MOST_PAGES: Final = 8  # code, sign-in, decision and what lies between; more is going round in circles
MOST_HOPS: Final = 5
# A look at a code takes a try from the guess budgets and gives it back when it was right. One page at a time for each
# browser, and fewer browsers than the tries of one account, so that a crowd of right codes is never a crowd of guesses.
BROWSERS: Final = 6
PASSING: Final = (502, 503, 504)  # statuses worth a reload
TYPES_EVERY: Final = 4  # every fourth person types the code instead of scanning it


class Browser:
    """Keeps cookies, follows redirects, sends forms; goes nowhere but to the server."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self.requests = 0
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=2, keepalive_timeout=KEEP_ALIVE_S),
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # for servers that are reached by address
            timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
            headers={"Accept": "text/html"},
            trust_env=False,
        )

    async def close(self) -> None:
        """Throw the browser away."""
        await self._session.close()

    async def open(self, url: str) -> Page:
        """GET and follow. Raises `Mishap`."""
        return await self._follow("GET", url, b"")

    async def send(self, page: Page, form: Form, *pairs: tuple[str, str], follows: bool = True) -> tuple[Page, int]:
        """Fill in and send a form of the page; the page it leads to, and the instant of the form's own answer.

        Without `follows` the answer itself is the page, with the status of its redirect.
        """
        url = urljoin(page.url, form.action)
        status, location, html = await self._ask("POST", url, encode_form(tuple(form.filled(*pairs))))
        answered_at = steady()
        if location and follows:
            return await self._follow("GET", urljoin(url, location), b""), answered_at
        return read_page(status, url, html), answered_at

    async def _follow(self, method: str, url: str, body: bytes) -> Page:
        for _ in range(MOST_HOPS):
            status, location, html = await self._ask(method, url, body)
            if not location:
                return read_page(status, url, html)
            url = urljoin(url, location)
        raise Mishap("page_loop", "the pages send the browser round in circles")

    async def _ask(self, method: str, url: str, body: bytes) -> tuple[int, str, str]:
        """Status, where a redirect points to ("" when it is none), and the text."""
        if not self._endpoints.is_inside(url):
            raise Mishap("page_elsewhere", f"a page leads to {url[:100]!a}, which is not under --server")
        self.requests += 1
        headers = {"Content-Type": FORM_TYPE} if body else {}
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as response:
                text = await response.content.read(LARGEST)
                while len(text) < LARGEST and not response.content.at_eof():
                    text += await response.content.read(LARGEST - len(text))
                location = response.headers.get("location", "") if 300 <= response.status < 400 else ""
                return response.status, location, text.decode("utf-8", "replace")
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            raise Away("page_lost", f"a page did not come: {why(error)}") from None


async def nothing(choices: Collection[str]) -> str:
    """The number on a device that shows none."""
    return ""


class Person:
    """Somebody with an account and a phone."""

    def __init__(self, browser: Browser, username: str, password: str) -> None:
        self.browser = browser
        self._username = username
        self._password = password
        self._answered: set[str] = set()  # codes whose decision was sent, whatever became of the answer

    async def sign_in(self, url: str) -> None:
        """Sign in ahead of any device. Raises `Wrong` when name or password are."""
        page = await self.browser.open(url)
        form = page.form_with("password")
        if form is None:
            raise Wrong(f"there is no sign-in page at {url} (HTTP {page.status})")
        # The answer tells; where it leads (all the devices of this person) may be a long page.
        page, _ = await self._give_password(page, form, follows=False)
        if page.status != HTTPStatus.SEE_OTHER:
            raise Wrong(f"--user: the server does not let {self._username!r} sign in: {page.heading} ({page.status})")

    async def decide(self, url: str, user_code: str, decision: str, number: Number = nothing) -> int:
        """Open the page, sign in if asked, type the code if asked, and answer; the instant of the answer.

        `number` waits until the device shows a number, one of those that the page offers if it does; "": it shows
        none (any more), and the person leaves.
        """
        page = await self.browser.open(url)
        filled: set[str] = set()
        for _ in range(MOST_PAGES):
            if page.status >= 400:
                break
            form = page.form_with("decision")
            if form is not None:
                self._answered.add(user_code)
                return await self._answer(page, form, decision, user_code, number)
            step = next((name for name in ("password", "user_code") if name not in filled and page.form_with(name)), "")
            form = page.form_with(step) if step else None
            if form is None:
                break
            filled.add(step)
            if step == "password":
                page, _ = await self._give_password(page, form)
            else:
                page, _ = await self.browser.send(page, form, ("user_code", user_code))
        if page.status == HTTPStatus.OK and user_code in self._answered:
            return steady()  # after a reload the page says that it is decided already
        kind = Away if page.status in PASSING else Mishap
        raise kind(f"page_{page.status}", f"the page said {page.status}: {page.heading}")

    async def _give_password(self, page: Page, form: Form, *, follows: bool = True) -> tuple[Page, int]:
        pairs = (("username", self._username), ("password", self._password))
        return await self.browser.send(page, form, *pairs, follows=follows)

    async def _answer(self, page: Page, form: Form, decision: str, user_code: str, number: Number) -> int:
        pairs: tuple[tuple[str, str], ...] = (("decision", decision),)
        asked = page.form_with("match") or page.form_with("seen")
        if decision == "approve" and asked is not None:
            form = asked
            choices = {value for name, value in form.buttons if name == "match"}
            seen = await number(choices) if form.has("match") else user_code
            if not seen:
                return steady()
            pairs = (("match" if form.has("match") else "seen", seen), *(() if choices else pairs))
        if pairs[-1] not in form.buttons:
            raise Mishap("page_changed", f"the decision page has no button to {decision}")
        done, answered_at = await self.browser.send(page, form, *pairs)
        if done.status != 200 or done.form_with("decision"):
            raise Mishap(f"page_{done.status}", f"the decision was not taken: {done.status}: {done.heading}")
        return answered_at


class Crowd:
    """Several persons who share the work, all with the one account that was given."""

    def __init__(self, endpoints: Endpoints, username: str, password: str) -> None:
        self._endpoints = endpoints
        self._persons = [Person(Browser(endpoints), username, password) for _ in range(BROWSERS)]
        self._free: asyncio.Queue[Person] = asyncio.Queue()
        for person in self._persons:
            self._free.put_nowait(person)
        self._decided = 0
        self.reloads = 0  # pages that were tried again because the server was away

    @property
    def requests(self) -> int:
        """Pages asked for so far."""
        return sum(person.browser.requests for person in self._persons)

    async def check(self) -> None:
        """Make sure that the account works before a fleet waits for it. Raises `Wrong` or `Mishap`."""
        await self._persons[0].sign_in(self._endpoints.issuer + "/sign-in")

    async def decide(self, show: Show, decision: str, number: Number = nothing) -> int:
        """The next free person scans the code, or types it; raises `Mishap`."""
        self._decided += 1
        is_typed = not show.verification_uri_complete or self._decided % TYPES_EVERY == 0
        url = show.verification_uri if is_typed else show.verification_uri_complete
        if urlsplit(url).scheme not in ("http", "https"):
            raise Mishap("page_elsewhere", "the server gave no address for the person")
        person = await self._free.get()
        try:
            return await until_back(lambda: person.decide(url, show.user_code, decision, number), self._again)
        finally:
            self._free.put_nowait(person)

    def _again(self) -> None:
        self.reloads += 1

    async def close(self) -> None:
        """Close every browser."""
        for person in self._persons:
            await person.browser.close()
