"""`porchlight serve` as in production, in a throw-away folder, with one app and one person."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from .exchange import exchange
from .process import Server, own_environ, running

CLIENT_ID = "bench-tv"
APP_ID, API_ID, REDIRECT_URI = "bench-app", "bench-api", "http://127.0.0.1/back"
USERNAME, PASSWORD, SECRET = "bench", "only for this benchmark", "only-for-this-benchmark-only-for-this-benchmark"
APPS: Sequence[Sequence[str]] = (
    ("--client-id", APP_ID, "--name", "Bench app", "--grant", "authorization_code", "refresh_token",
     "--scope", "profile", "--redirect-uri", REDIRECT_URI),
    ("--client-id", API_ID, "--name", "Bench API", "--grant", "client_credentials", "--scope", "readings:read",
     "--confidential", "--secret-stdin", "--may-introspect"),
)  # fmt: skip
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class House:
    """A running server: where it is, and what it uses."""

    server: Server
    issuer: str
    port: int
    mqtt_port: int

    def post(self, path: str, **form: str) -> bytes:
        """A POST request of a form, as a device sends it."""
        return request(self.port, path, urlencode(form))

    def start_sign_ins(self, count: int, connections: int = 8) -> list[dict[str, Any]]:
        """Begin sign-ins; the answers."""
        one = self.post("/device_authorization", client_id=CLIENT_ID, device_name="Bench TV")
        answers = exchange(self.port, [one] * count, connections)
        if any(status != 200 for status, _ in answers):
            raise RuntimeError(f"a sign-in could not be started: {next(a for a in answers if a[0] != 200)}")
        return [json.loads(body) for _, body in answers]

    def polls(self, sign_ins: list[dict[str, Any]]) -> list[str]:
        """The body of a poll for each sign-in."""
        return [poll_body(sign_in["device_code"]) for sign_in in sign_ins]


def poll_body(device_code: str, client_id: str = CLIENT_ID) -> str:
    return urlencode({"grant_type": DEVICE_CODE, "device_code": device_code, "client_id": client_id})


def request(port: int, path: str, body: str) -> bytes:
    """A form in a POST request, ready to be sent."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n{body}".encode()


@contextmanager
def serving(
    *more: str, database_url: str = "", is_fresh: bool = False, apps: Sequence[Sequence[str]] = ()
) -> Iterator[House]:
    """The server with everything that production has switched on: SQLite in a data folder, the MQTT broker, its logs.

    `more` are further flags. With `database_url` the data is there. `is_fresh` leaves the folder empty.
    `apps` are registered beside the device's.
    """
    with TemporaryDirectory(prefix="porchlight-bench-") as folder:
        place = ["--database-url", database_url] if database_url else ["--data-dir", str(Path(folder, "data"))]
        if not is_fresh:
            _prepare(place)
            for app in apps:
                _porchlight("client", "add", *app, *place, stdin=SECRET)
        ports = ("--port", "0", "--mqtt-port", "0", "--json")
        argv = [sys.executable, "-m", "server.commands", "serve", *place, *ports, *more]
        with running(argv, Path(folder, "server.log")) as server:
            ready = json.loads(server.ready)
            server.port = ready["port"]
            yield House(server, ready["issuer"], ready["port"], ready["mqtt_port"] or 0)


def _prepare(place: list[str]) -> None:
    _porchlight("user", "add", USERNAME, "--name", "Bench", "--password-stdin", *place, stdin=PASSWORD)
    grants = ("--grant", "device_code", "refresh_token", "--scope", "profile readings:read readings:write")
    _porchlight("client", "add", "--client-id", CLIENT_ID, "--name", "Bench TV", *grants, *place)


def _porchlight(*command: str, stdin: str = "") -> None:
    argv = [sys.executable, "-m", "server.commands", *command]
    done = subprocess.run(argv, input=stdin, text=True, capture_output=True, check=False, env=own_environ(), timeout=60)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
