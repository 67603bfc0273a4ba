"""The pages on a real server: uvicorn in a thread, port 0, one desk in memory per porch."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest
import requests
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import Server

from tests.web_verify.memory_desk import PASSWORD, MemoryDesk
from web_verify.forms import FORM_TYPE
from web_verify.look import Look
from web_verify.routes import lost, pages
from web_verify.session import cookie_name

REQUEST_ID = "req-7f3a"


@dataclass
class Porch:
    """Where the pages are, and the desk behind them."""

    url: str
    desk: MemoryDesk
    look: Look

    def visitor(self) -> "Phone":
        return Phone(self)


class Phone(requests.Session):
    """A phone's browser as far as HTTP goes: it keeps cookies and fills in forms, it follows nothing by itself."""

    def __init__(self, porch: Porch) -> None:
        super().__init__()
        self.porch = porch
        self.trust_env = False

    def open(self, path: str, **more: object) -> requests.Response:
        return self.get(self.porch.url + path, allow_redirects=False, timeout=10, **more)  # type: ignore[arg-type]

    def fill(self, path: str, fields: object, **more: object) -> requests.Response:
        data = urlencode(fields) if isinstance(fields, list) else fields
        more["headers"] = {**({"Content-Type": FORM_TYPE} if data is not fields else {}), **(more.get("headers") or {})}  # type: ignore[dict-item]
        return self.post(self.porch.url + path, data=data, allow_redirects=False, timeout=10, **more)  # type: ignore[arg-type]

    def token(self) -> str:
        """The form token of this visitor, read from a page with a form."""
        page = self.open("/device").text
        return page.split('name="form_token" value="')[1].split('"')[0]

    def submit(self, path: str, *fields: tuple[str, str], **more: object) -> requests.Response:
        return self.fill(path, [("form_token", self.token()), *fields], **more)

    def secret(self) -> str:
        return self.cookies.get(cookie_name(self.porch.look)) or ""

    def sign_in(self) -> "Phone":
        answer = self.submit("/sign-in", ("username", "ana"), ("password", PASSWORD))
        assert answer.status_code == 303, answer.text
        return self


def app(desk: MemoryDesk, look: Look) -> ASGIApp:
    """What a composition root does with the pages, and no more."""
    routes = pages(desk, look)
    inner = Router(routes, redirect_slashes=False, default=lost(desk, look))
    outer = Router([Mount(look.prefix, app=inner)], redirect_slashes=False) if look.prefix else inner

    async def with_request_id(scope: Scope, receive: Receive, send: Send) -> None:
        scope["porchlight.request_id"] = REQUEST_ID
        await outer(scope, receive, send)

    return with_request_id


class Street:
    """One server for many porches: each test hangs its own pages and desk behind the same address."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@contextmanager
def serve(asgi: ASGIApp) -> Iterator[str]:
    """Serve on a free port of the loopback until the block ends; the address, without a slash at its end."""
    config = Config(asgi, log_config=None, lifespan="off", ws="none", proxy_headers=False)
    server = Server(config)
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)


@contextmanager
def open_porch(prefix: str = "", *, secure_cookies: bool = False) -> Iterator[Porch]:
    """A porch with a server of its own, for another look."""
    desk, look = MemoryDesk(), Look("Porchlight", "tv.example.com", prefix, secure_cookies)
    with serve(app(desk, look)) as url:
        yield Porch(url + prefix, desk, look)


@pytest.fixture(scope="session")
def street() -> Iterator[tuple[Street, str]]:
    served = Street()
    with serve(served) as url:
        yield served, url


@pytest.fixture
def porch(street: tuple[Street, str]) -> Porch:
    served, url = street
    desk = MemoryDesk()
    look = Look("Porchlight", "tv.example.com", secure_cookies=False, takes_sign_ups=True, sends_mail=True)
    look = replace(look, takes_passkeys=True, providers=(("corp", "Corp"),))
    served.app = app(desk, look)
    return Porch(url, desk, look)
