"""Real credentials for requests that somebody else draws: clients, tokens, a key, a browser that is signed in."""

import json
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server.oauth.device import GRANT_TYPE
from server.oauth.grants import BY_TYPE
from server.oauth.registered import InitialToken
from server.oauth.registration import METHODS
from server.oauth.secret import digest, draw, draw_id
from tests.dpop import Key
from tests.house import SCOPES, SECRET, RunningHouse
from web_verify.session import form_token

BACK = "https://app.example/back"


def fill(house: RunningHouse) -> dict[str, Any]:
    """What the hooks find in their file."""
    house.add_client(
        "app", secret=SECRET, grants=(*BY_TYPE,), scopes=("openid", *SCOPES), redirect_uris=(BACK,),
        backchannel_token_delivery_mode="poll",
    )  # fmt: skip
    house.add_client("screen", scopes=("openid", *SCOPES))
    key, tokens = Key(), house.sign_in(client_id="screen")
    waiting = house.begin("screen")
    entry, leaving = registered(house), registered(house)
    secret = next(iter(house.phone().web.cookies))
    return {
        "issuer": house.issuer,
        "now": house.clock(),
        "key": key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "jwk": key.jwk,
        "bearer": tokens["access_token"],
        "bound": bound(house, key),
        "initial": initial_token(house),
        "registered": entry["client_id"],
        "registration": entry["registration_access_token"],
        "leaving": leaving["client_id"],
        "leaving_token": leaving["registration_access_token"],
        "cookie": f"{secret.name}={secret.value}",
        "form_token": form_token(secret.value or ""),
        "own": {
            "token": tokens["access_token"],
            "refresh_token": tokens["refresh_token"],
            "device_code": waiting["device_code"],
            "subject_token": tokens["access_token"],
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "redirect_uri": BACK,
            "login_hint": "ben",
        },
        "confidential": 1,  # of the clients
        "clients": [
            {"form": {"client_id": "screen"}},
            {"form": {"client_id": "app", "client_secret": SECRET}},
            {"form": {"client_id": "backend", "client_secret": SECRET}},
            {"form": {"client_id": "app", "client_secret": SECRET, "scope": "openid"}},
        ],
    }


def initial_token(house: RunningHouse) -> str:
    """An initial access token with which anything may be registered."""
    token, now = draw(), house.clock()
    permitted = {"grants": (*BY_TYPE, "implicit"), "methods": (*METHODS,), "scopes": SCOPES}
    kept: dict[str, Any] = {"created_at": now, "expires_at": now + 86_400_000, "uses_left": 10_000, **permitted}
    initial = InitialToken(draw_id(), digest("initial_token", token), "", **kept)
    house.do(house.app.house.store.add_initial_token(initial))
    return token


def registered(house: RunningHouse) -> dict[str, Any]:
    """A client that registered itself."""
    headers = {"Authorization": f"Bearer {initial_token(house)}"}
    answer = house.web.post(house.issuer + "/register", json={"grant_types": [GRANT_TYPE]}, headers=headers, timeout=40)
    entry: dict[str, Any] = answer.json()
    return entry


def bound(house: RunningHouse, key: Key) -> str:
    """An access token that is worth something with this key alone."""

    def proof(path: str) -> dict[str, str]:
        return {"DPoP": key.proof("POST", house.issuer + path, house.clock())}

    started = house.post(
        "/device_authorization", {"client_id": "screen"}, headers=proof("/device_authorization")
    ).json()
    house.phone().approve(started)
    token: str = house.poll(started, "screen", headers=proof("/token")).json()["access_token"]
    return token


def write(pool: dict[str, Any]) -> str:
    """The pool as the text of its file."""
    return json.dumps(pool)
