"""The pages on a real server: uvicorn in a thread, port 0, one desk in memory per porch."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests
import uvicorn
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.web_verify.memory_desk import PASSWORD, MemoryDesk
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

    def send(self, path: str, fields: object, **more: object) -> requests.Response:
        return self.post(self.porch.url + path, data=fields, allow_redirects=False, timeout=10, **more)  # type: ignore[arg-type]

    def token(self) -> str:
        """The form token of this visitor, read from a page with a form."""
        page = self.open("/device").text
        return page.split('name="form_token" value="')[1].split('"')[0]

    def submit(self, path: str, *fields: tuple[str, str], **more: object) -> requests.Response:
        return self.send(path, [("form_token", self.token()), *fields], **more)

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


@contextmanager
def open_porch(prefix: str = "", *, secure_cookies: bool = False) -> Iterator[Porch]:
    desk, look = MemoryDesk(), Look("Porchlight", "tv.example.com", prefix, secure_cookies)
    config = uvicorn.Config(app(desk, look), log_config=None, lifespan="off", ws="none", server_header=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        try:
            yield Porch(f"http://127.0.0.1:{door.getsockname()[1]}{prefix}", desk, look)
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)


@pytest.fixture
def porch() -> Iterator[Porch]:
    with open_porch() as opened:
        yield opened
