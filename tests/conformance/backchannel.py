"""Apps that ask people on their phone (CIBA), the inbox that a person answers in, and the state they meet in."""

import json
import re
import secrets
from dataclasses import dataclass
from itertools import count
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from server.oauth.backchannel import GRANT_TYPE
from tests.house import PASSWORD, SECRET, Phone, RunningHouse

SCOPES = ("openid", "profile", "readings:read")
GRANTS = (GRANT_TYPE, "refresh_token")
NOTIFICATION_TOKEN = "8d67dc78-7faa-4d41-aabd-67707b374255"
KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
JWKS = json.dumps({"keys": [json.loads(ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k-1"}]})
_LINK = re.compile(r'href="[^"]*(/requests/[0-9a-f]{64})"')
_people = count(1)


def add_app(house: RunningHouse, client_id: str, mode: str = "poll", **fields: Any) -> None:
    """A confidential client that may ask people."""
    made = {"secret": SECRET, "grants": GRANTS, "scopes": SCOPES, "backchannel_token_delivery_mode": mode}
    house.add_client(client_id, **(made | {"name": "Front door"} | fields))


def somebody(house: RunningHouse) -> Phone:
    """A person whom no app has asked before, and their phone."""
    name = f"person-{next(_people)}"
    house.add_person(name, name.title())
    return Phone(house, name)


def signed(house: RunningHouse, key: Any = KEY, algorithm: str = "ES256", **claims: Any) -> str:
    """A JWT of the client `signer`; a claim given as None is left out."""
    now = house.clock() // 1_000
    said: dict[str, Any] = {"iss": "signer", "aud": house.issuer, "exp": now + 60, "iat": now, "nbf": now}
    said |= {"jti": secrets.token_urlsafe(9)} | claims
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, key, algorithm=algorithm, headers={"kid": "k-1"})


@dataclass
class App:
    """A client that asks. `ask` is the backchannel authentication request, `poll` the token request."""

    house: RunningHouse
    client_id: str = "till"

    def ask(self, phone: Phone | None = None, **more: str | None) -> requests.Response:
        """None leaves a parameter out."""
        form: dict[str, str | None] = {"scope": "openid profile"}
        if phone is not None:
            form["login_hint"] = phone.username
        sent = {name: value for name, value in (form | more).items() if value is not None}
        return self.house.post("/bc-authorize", sent, auth=(self.client_id, SECRET))

    def begin(self, phone: Phone, **more: str | None) -> dict[str, Any]:
        answer = self.ask(phone, **more)
        assert answer.status_code == 200, answer.text
        begun: dict[str, Any] = answer.json()
        return begun

    def poll(self, begun: dict[str, Any], web: requests.Session | None = None, **more: Any) -> requests.Response:
        form = {"grant_type": GRANT_TYPE, "auth_req_id": begun["auth_req_id"]}
        headers = more.pop("headers", {})
        return (web or self.house.web).post(
            self.house.address + "/token", form | more, auth=(self.client_id, SECRET), headers=headers, timeout=40
        )


def inbox(phone: Phone) -> requests.Response:
    """What this person's list of requests shows."""
    page = phone.web.get(phone.house.address + "/requests", timeout=40)
    if "/sign-in" in page.url:
        phone.submit(page, username=phone.username, password=PASSWORD)
        page = phone.web.get(phone.house.address + "/requests", timeout=40)
    assert page.status_code == 200, page.text
    return page


def links(phone: Phone) -> list[str]:
    """The addresses of the requests that wait for this person."""
    return _LINK.findall(inbox(phone).text)


def look(phone: Phone) -> requests.Response:
    """The page of the one request that waits for this person."""
    (link,) = links(phone)
    return phone.web.get(phone.house.address + link, timeout=40)


def answer(phone: Phone, decision: str = "approve", **more: Any) -> requests.Response:
    """Answer the one request that waits."""
    page = phone.submit(look(phone), decision=decision, **more)
    assert page.status_code == 200, page.text
    return page
