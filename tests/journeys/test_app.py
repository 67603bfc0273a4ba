"""An app on the same machine signs a person in through a real browser, which holds our pages to their own policy."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.browser import OpenPhone
from tests.conformance.app import App
from tests.house import PASSWORD, SECRET, RunningHouse


class Door(ThreadingHTTPServer):
    """What listens at the redirect URI: keeps what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.answers: list[dict[str, str]] = []

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/back"


class _Answer(BaseHTTPRequestHandler):
    server: Door

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.server.answers.append(dict(parse_qsl(self.rfile.read(length).decode())))
        self._welcome()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/back":
            self.server.answers.append(dict(parse_qsl(parts.query)))
        self._welcome()

    def _welcome(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>Back in the app</h1>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[Door]:
    with Door() as opened:
        threading.Thread(target=opened.serve_forever, daemon=True).start()
        yield opened
        opened.shutdown()


@pytest.mark.parametrize(("client_id", "secret"), [("web", ""), ("site", SECRET)])
def test_a_person_signs_in_to_an_app_in_a_real_browser(
    house: RunningHouse, door: Door, phone: OpenPhone, client_id: str, secret: str
) -> None:
    made = {"name": "Photo wall", "grants": ("authorization_code", "refresh_token"), "scopes": ("openid", "profile")}
    house.add_client(client_id, secret=secret, redirect_uris=("http://127.0.0.1/back",), **made)
    app = App(house, client_id, redirect_uri=door.uri)
    address = f"{house.issuer}/authorize?{urlencode(app.parameters())}"
    page = phone(java_script_enabled=False).new_page()
    page.goto(address)
    page.fill("[autocomplete~=username]", "ana")
    page.fill("[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Connect Photo wall to your account?")
    page.click("[value=approve]")
    page.wait_for_selector("text=Back in the app")
    assert door.answers[-1]["state"] == "s-1"
    assert app.redeem(door.answers[-1]["code"]).json()["id_token"]
    # Another browser: the sign-in form itself leads back to an app that may skip the question.
    other = phone(java_script_enabled=False).new_page()
    other.goto(address)
    other.fill("[autocomplete~=username]", "ana")
    other.fill("[autocomplete=current-password]", PASSWORD)
    other.keyboard.press("Enter")
    if not secret:
        other.wait_for_selector("text=Connect Photo wall to your account?")
        other.click("[value=deny]")
    other.wait_for_selector("text=Back in the app")
    assert ("code" if secret else "error") in door.answers[-1]


@pytest.mark.parametrize("scripts", [False, True])
def test_an_answer_is_posted_to_the_app_by_itself_or_by_one_press(
    house: RunningHouse, door: Door, phone: OpenPhone, scripts: bool
) -> None:
    made = {"name": "Old app", "grants": ("implicit",), "scopes": ("openid", "profile")}
    house.add_client("web", redirect_uris=("http://127.0.0.1/back",), **made)
    asked = App(house, redirect_uri=door.uri).parameters(response_type="id_token", response_mode="form_post", nonce="n")
    page = phone(java_script_enabled=scripts).new_page()
    page.goto(f"{house.issuer}/authorize?{urlencode(asked)}")
    page.fill("[autocomplete~=username]", "ana")
    page.fill("[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Connect Old app to your account?")
    page.click("[value=approve]")
    if not scripts:
        page.wait_for_selector("text=Back to the app")
        page.click("main button")
    page.wait_for_selector("text=Back in the app")
    assert door.answers[-1]["id_token"].count(".") == 2
