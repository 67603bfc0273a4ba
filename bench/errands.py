"""Whole pieces of work, one after another on one connection: a refresh, an app's code flow, a device's sign-in.

The person has signed in before (a password costs 150 ms of argon2, which is what it is there for), and answers with
what the page asks for: a button, or the number that the device shows by then.
"""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from .house import APP_ID, CLIENT_ID, DEVICE_CODE, PASSWORD, REDIRECT_URI, USERNAME
from .wire import Reply, Wire

Errand = Callable[[Wire], Awaitable[Any]]
_VERIFIER = "only-for-this-benchmark-only-for-this-benchmark"
_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=").decode()
_AUTHORIZE = "/authorize?" + urlencode(
    {
        "response_type": "code",
        "client_id": APP_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": "profile",
        "state": "bench",
        "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
    }
)


async def sign_in(wire: Wire) -> None:
    """The password, once; the connection keeps the cookie."""
    form = (await wire.get("/sign-in")).page().form_with("password")
    assert form is not None
    (await wire.post("/sign-in", *form.filled(("username", USERNAME), ("password", PASSWORD)))).demand(303)


async def code_flow(wire: Wire) -> Any:
    """Authorization request, consent page, "yes", code for tokens; the tokens. Four requests."""
    consent = (await wire.get(_AUTHORIZE)).demand(303).location
    form = (await wire.get(consent)).page().form_with("decision")
    assert form is not None
    back = (await wire.post(consent, *form.filled(("decision", "approve")))).demand(303).location
    code = parse_qs(urlsplit(back).query)["code"][0]
    tokens = await wire.post(
        "/token",
        ("grant_type", "authorization_code"),
        ("client_id", APP_ID),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", _VERIFIER),
    )
    return json.loads(tokens.demand(200).body)


async def device(wire: Wire) -> None:
    """A device asks for a code; the phone opens it; the device hears its number; the person taps it; tokens.

    Five requests, all on the one connection, which stands for both.
    """
    asked = (("client_id", CLIENT_ID), ("scope", "profile"), ("device_name", "Bench TV"), ("match", "1"))
    shown = json.loads((await wire.post("/device_authorization", *asked)).demand(200).body)
    page = (await wire.get(urlsplit(shown["verification_uri_complete"]).path)).page()
    number = json.loads((await _poll(wire, shown["device_code"])).demand(400).body)["match"]
    form = page.form_with("match")
    if form is None or ("match", number) not in form.buttons:
        raise RuntimeError(f"the page has no button for the number {number} on the device: {page.heading}")
    (await wire.post(form.action, *form.filled(("match", number)))).demand(303)
    (await _poll(wire, shown["device_code"])).demand(200)


async def _poll(wire: Wire, device_code: str) -> Reply:
    asked = (("grant_type", DEVICE_CODE), ("client_id", CLIENT_ID), ("device_code", device_code), ("match", "1"))
    return await wire.post("/token", *asked)


class Refresher:
    """One sign-in of an app that is refreshed again and again: each time with the token of the time before."""

    def __init__(self, refresh_token: str) -> None:
        self._token = refresh_token

    async def __call__(self, wire: Wire) -> None:
        asked = (("grant_type", "refresh_token"), ("client_id", APP_ID), ("refresh_token", self._token))
        self._token = json.loads((await wire.post("/token", *asked)).demand(200).body)["refresh_token"]
