"""A provider that says whatever a test wants: discovery, keys, tokens, userinfo; real HTTP on the loopback."""

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from tests.house import SECRET, RunningHouse


class Provider:
    """`claims` are those of the next ID token, `more` those of userinfo, `forge` makes another token of the claims;
    `asked` is what the token endpoint was sent."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key, self.key_id = ec.generate_private_key(ec.SECP256R1()), "k-1"
        self.claims: dict[str, Any] = {}
        self.more: dict[str, Any] = {}
        self.forge: Callable[[dict[str, Any]], str] = self.sign
        self.methods = ["client_secret_basic"]
        self.asked: list[tuple[str, dict[str, str]]] = []

    def rotate(self) -> None:
        """Another key, published at once."""
        self.key, self.key_id = ec.generate_private_key(ec.SECP256R1()), self.key_id + "1"

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, "ES256", headers={"kid": self.key_id})

    def answer(self, path: str, authorization: str, body: str) -> Any:
        """The document at this path."""
        if path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "a", "token_endpoint": "t", "jwks_uri": "j", "userinfo_endpoint": "u"}
            return {name: f"{self.issuer}/{place}" for name, place in places.items()} | {
                "issuer": self.issuer,
                "token_endpoint_auth_methods_supported": self.methods,
            }
        if path == "/j":
            public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [public | {"kid": self.key_id, "use": "sig"}]}
        if path == "/u":
            return self.more
        self.asked.append((authorization, dict(parse_qsl(body))))
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.forge(self.claims)}


@contextmanager
def provider() -> Iterator[Provider]:
    """One that runs."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            found = json.dumps(there.answer(self.path, self.headers.get("authorization", ""), content)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    there = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def come_back(here: RunningHouse, there: Provider, web: requests.Session, **claims: Any) -> requests.Response:
    """Go to the provider and come back at once, with an ID token of these claims; the page that is shown then."""
    gone = web.get(here.address + "/sign-in/with/corp", allow_redirects=False, timeout=20)
    sent = {name: values[0] for name, values in parse_qs(urlsplit(gone.headers["location"]).query).items()}
    now = here.clock() // 1_000
    there.claims = {"iss": there.issuer, "aud": "here", "sub": "s-1", "exp": now + 60, "iat": now}
    there.claims |= {"nonce": sent["nonce"], **claims}
    return web.get(f"{here.address}/sign-in/with/corp/back?code=c&state={sent['state']}", timeout=20)


BASIC = "Basic " + b64encode(f"here:{SECRET}".encode()).decode()
