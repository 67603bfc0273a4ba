"""A real Porchlight for tests: real HTTP on the loopback, a real database, and a clock that the test moves.

`open_house(tmp_path)` gives a `RunningHouse`; the fixture `house` in tests/conftest.py is one on SQLite with a public
client `tv`, a confidential client `backend` and a person `ana`.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

from server.app import Porchlight
from server.checks import checked, with_ports
from server.commands.serve import QuietServer, server_config
from server.desk.passwords import hash_password
from server.oauth.account import Account
from server.oauth.client import Client
from server.oauth.device import GRANT_TYPE
from server.oauth.secret import digest
from server.oauth.user_code import normalise
from server.settings import Settings
from tests.forms import Forms

PASSWORD = "correct horse battery"
SECRET = "backend-secret-of-forty-random-characters"
SCOPES = ("profile", "readings:read", "readings:write")
Result = TypeVar("Result")
_PASSWORD_HASH = hash_password(PASSWORD)


class Clock:
    """The house's time, in milliseconds: the wall's, plus what the test added."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += int(seconds * 1_000)


class Street:
    """A server as its street knows it: by HTTP alone. Below are one in a thread, elsewhere one in a process."""

    web: requests.Session
    _phones: dict[str, "Phone"]

    @property
    def issuer(self) -> str:
        raise NotImplementedError

    @property
    def address(self) -> str:
        """Where this one server is reached, also when several share an issuer."""
        raise NotImplementedError

    def close(self) -> None:
        """Hang up every connection of this street's browsers."""
        for session in (self.web, *(phone.web for phone in self._phones.values())):
            session.close()

    def post(self, path: str, form: Any = None, **more: Any) -> requests.Response:
        return self.web.post(self.address + path, data=form, allow_redirects=False, timeout=40, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.web.get(self.address + path, allow_redirects=False, timeout=40, **more)

    def begin(self, client_id: str = "tv", **more: str) -> dict[str, Any]:
        """A device starts a sign-in; the answer of the device authorization endpoint."""
        answer = self.post("/device_authorization", {"client_id": client_id, **more})
        assert answer.status_code == 200, answer.text
        started: dict[str, Any] = answer.json()
        return started

    def poll(self, started: dict[str, Any], client_id: str = "tv", match: str = "", **more: Any) -> requests.Response:
        """The device asks for its tokens; with `match="1"` it says that it can show a number."""
        form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"], "client_id": client_id}
        form |= {"match": match} if match else {}
        return self.post("/token", form, **more)

    def refresh(self, tokens: dict[str, Any], client_id: str = "tv", **more: Any) -> requests.Response:
        """The device asks for fresh tokens."""
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": client_id}
        return self.post("/token", form, **more)

    def me(self, tokens: dict[str, Any]) -> requests.Response:
        """The device calls the API."""
        return self.get("/api/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    def number_on(self, started: dict[str, Any]) -> str:
        """The number that the device shows now: what its next poll tells it."""
        answer = self.poll(started, match="1")
        return str(answer.json()["match"])

    def phone(self, username: str = "ana") -> "Phone":
        """This person's phone, the same one each time."""
        return self._phones.setdefault(username, Phone(self, username))

    def sign_in(self, username: str = "ana", client_id: str = "tv", **more: str) -> dict[str, Any]:
        """The whole story by HTTP: begin, approve on a phone, collect; the token answer."""
        started = self.begin(client_id, **more)
        self.phone(username).approve(started)
        answer = self.poll(started, client_id)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens


@dataclass
class RunningHouse(Street):
    """A server in a thread of its own. `do` runs a coroutine in its loop: for preparing, never instead of a request."""

    app: Porchlight
    clock: Clock
    loop: asyncio.AbstractEventLoop
    web: requests.Session = field(default_factory=lambda: browser())
    _phones: dict[str, "Phone"] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return self.app.house.settings.issuer

    @property
    def address(self) -> str:
        scheme = "https" if self.app.house.settings.tls_cert else "http"
        return f"{scheme}://127.0.0.1:{self.app.house.settings.port}{self.app.house.settings.path}"

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def number_on(self, started: dict[str, Any]) -> str:
        """Read where it is kept: whoever has the code only, from a screen or from the agent's events, can ask too."""
        code = normalise(started["user_code"])
        found = self.do(self.app.house.sign_ins.find_by_user_code(digest("user_code", code or "")))
        assert found is not None
        return found.match

    def add_client(self, client_id: str, *, secret: str = "", **changes: Any) -> None:
        """A client of this id, public unless it has a secret."""
        made: dict[str, Any] = {
            "name": "Aurora TV",
            "grants": (GRANT_TYPE, "refresh_token"),
            "scopes": SCOPES,
            "created_at": self.clock(),
            "auth_method": "client_secret" if secret else "none",
            "secret_hash": digest("client_secret", secret) if secret else None,
        }
        self.do(self.app.house.store.add_client(Client(client_id, **(made | changes))))

    def add_person(self, username: str, name: str) -> None:
        """A person whose password is `PASSWORD`."""
        account = Account(f"account-{username}", username, name, _PASSWORD_HASH, self.clock())
        self.do(self.app.house.store.add_account(account))


class Phone:
    """A person's browser without scripts: follows links, fills forms, keeps cookies."""

    def __init__(self, house: Street, username: str = "ana") -> None:
        self.house = house
        self.username = username
        self.web = browser()
        self.web.verify = house.web.verify

    def open(self, started: dict[str, Any]) -> requests.Response:
        """Scan the QR code, sign in when asked, and see what the phone shows then."""
        page = self.web.get(
            self.house.address + started["verification_uri_complete"].removeprefix(self.house.issuer), timeout=40
        )
        if "/sign-in" in page.url:
            page = self.submit(page, username=self.username, password=PASSWORD)
        return page

    def approve(self, started: dict[str, Any], **more: Any) -> requests.Response:
        return self._decide(started, "approve", **more)

    def deny(self, started: dict[str, Any]) -> requests.Response:
        return self._decide(started, "deny")

    def _decide(self, started: dict[str, Any], decision: str, **more: Any) -> requests.Response:
        opened = self.open(started)
        if decision == "approve" and 'name="match"' in opened.text:
            page = self.submit(opened, match=self.house.number_on(started), **more)
        elif decision == "approve" and 'name="seen"' in opened.text:
            page = self.submit(opened, seen=started["user_code"], decision="approve", **more)
        else:
            page = self.submit(opened, decision=decision, **more)
        assert page.status_code == 200, page.text
        return page

    def submit(self, page: requests.Response, **typed: Any) -> requests.Response:
        """Fill the form that has these controls (its hidden and ticked fields as they are) and send it."""
        form = Forms(page.text).with_control(next(iter(typed)))
        address = requests.compat.urljoin(page.url, form.action or page.url)
        return self.web.post(address, data=form.fields | typed, headers={"Origin": self.house.address}, timeout=40)


def browser() -> requests.Session:
    """A session that heeds nothing of this machine's environment: no proxy, no other certificates."""
    session = requests.Session()
    session.trust_env = False
    return session


@contextmanager
def open_house(
    tmp_path: Path,
    *,
    database_url: str = "",
    port: int = 0,
    clock: Clock | None = None,
    named: str = "",
    **settings: Any,
) -> Iterator[RunningHouse]:
    """A running server over this database (default: SQLite in `tmp_path`), stopped at the end.

    `named`: the issuer has this name of our own machine, not its address."""
    clock = clock or Clock()
    wanted = {"data_dir": tmp_path, "database_url": database_url, "mqtt_port": -1, "port": port, **settings}
    # asyncio turns Nagle's delay off only where the protocol is named: it costs each answer 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as street:
        street.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        street.bind(("127.0.0.1", port))
        if named:
            wanted["issuer"] = f"http://{named}:{street.getsockname()[1]}"
        app = Porchlight(with_ports(checked(Settings(**wanted)), street.getsockname()[1]), now=clock)
        ready, failed = threading.Event(), []
        loop = asyncio.new_event_loop()
        server = QuietServer(server_config(app, app.house.settings), app, ready.set)

        async def serve() -> None:
            try:
                await app.start()
                await server.serve(sockets=[street])
            finally:
                await app.close()

        def run() -> None:
            try:
                loop.run_until_complete(serve())
            except BaseException as error:
                failed.append(error)
            finally:
                loop.close()
                ready.set()

        thread = threading.Thread(target=run, name="house")
        thread.start()
        assert ready.wait(30)
        if failed:
            raise failed[0]
        running = RunningHouse(app, clock, loop)
        try:
            yield running
        finally:
            running.close()
            loop.call_soon_threadsafe(server.stop)
            thread.join(30)
            assert not thread.is_alive(), "the server did not stop"
            if failed:
                raise failed[0]


def furnish(house: RunningHouse) -> RunningHouse:
    """The people and clients that most tests need."""
    house.add_client("tv")
    house.add_client("radio", name="Radio")
    house.add_client("backend", secret=SECRET, name="Back end", may_introspect=True)
    house.add_person("ana", "Ana")
    house.add_person("ben", "Ben")
    return house
