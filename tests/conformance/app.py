"""An app that signs people in by the authorization code flow, and the browser it sends (RFC 6749 section 4.1)."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.forms import Forms
from tests.house import PASSWORD, SECRET, Phone, RunningHouse

BACK = "https://app.example/signed-in"
GRANTS = ("authorization_code", "refresh_token")


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class App:
    """A client. `ask` opens the authorization endpoint in a browser; `redeem` trades the code that came back."""

    house: RunningHouse
    client_id: str = "web"
    redirect_uri: str = BACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def parameters(self, **more: str | None) -> dict[str, str]:
        """An authorization request; None leaves a parameter out."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid profile",
            "state": "s-1",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | more).items() if value is not None}

    def ask(self, browser: requests.Session, **more: str | None) -> requests.Response:
        """Send a browser to the authorization endpoint; what it shows, or the redirect to the app."""
        return follow(self.house, browser, "/authorize", params=self.parameters(**more))

    def redeem(self, code: str, **more: Any) -> requests.Response:
        """Trade the code; `client_id` when public, HTTP Basic when confidential."""
        form: dict[str, Any] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        headers = more.pop("headers", {})
        if self.client_id.startswith("web"):
            form["client_id"] = self.client_id
        form = {name: value for name, value in (form | more).items() if value is not None}
        auth = None if "client_id" in form else (self.client_id, SECRET)
        return self.house.post("/token", form, auth=auth, headers=headers)

    def sign_in(self, phone: Phone, **more: str | None) -> dict[str, Any]:
        """The whole story; the token answer."""
        answer = self.redeem(self.approved(phone, **more)["code"])
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def approved(self, phone: Phone, **more: str | None) -> dict[str, str]:
        """What comes back to the app when the person says yes."""
        return came_back(decide(phone, self.ask(phone.web, **more)), self.redirect_uri)


def follow(house: RunningHouse, browser: requests.Session, path: str, **more: Any) -> requests.Response:
    """Open a page and follow redirects within the house, not out of it."""
    answer = browser.get(house.address + path, allow_redirects=False, timeout=40, **more)
    return within(house, browser, answer)


def within(house: RunningHouse, browser: requests.Session, answer: requests.Response) -> requests.Response:
    while answer.status_code == 303 and not is_outside(house, answer):
        url = requests.compat.urljoin(answer.url, answer.headers["location"])
        answer = browser.get(url, allow_redirects=False, timeout=40)
    return answer


def is_outside(house: RunningHouse, answer: requests.Response) -> bool:
    location = answer.headers.get("location", "")
    return ":" in location and not location.startswith((house.issuer, house.address))


def submit(phone: Phone, page: requests.Response, **typed: Any) -> requests.Response:
    """Like `Phone.submit`, but the browser stops where it would leave the house."""
    form = Forms(page.text).with_control(next(iter(typed)))
    address = requests.compat.urljoin(page.url, form.action or page.url)
    headers = {"Origin": phone.house.address}
    answer = phone.web.post(address, form.fields | typed, headers=headers, allow_redirects=False, timeout=40)
    assert isinstance(phone.house, RunningHouse)
    return within(phone.house, phone.web, answer)


def decide(phone: Phone, page: requests.Response, decision: str = "approve", **more: Any) -> requests.Response:
    """Sign in when asked, then say yes or no; what the browser is sent back with."""
    if page.status_code == 200 and "/sign-in" in page.url:
        page = submit(phone, page, username=phone.username, password=PASSWORD)
    if page.status_code == 303:
        return page
    return submit(phone, page, decision=decision, **more)


def came_back(answer: requests.Response, redirect_uri: str = BACK) -> dict[str, str]:
    """What the app gets at its redirect URI."""
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert location.startswith(redirect_uri), location
    pairs = parse_qsl(urlsplit(location).query, keep_blank_values=True)
    assert len(pairs) == len(dict(pairs)), location
    return dict(pairs)
