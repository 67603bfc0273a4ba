"""An authorization server that does what the test says, right or wrong, and remembers what it was asked."""

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

METADATA = "/.well-known/oauth-authorization-server"
DEVICE = "/device_authorization"
TOKEN = "/token"
REVOKE = "/revoke"
ME = "/api/me"

PENDING = (400, {"error": "authorization_pending"})
TOKENS = (
    200,
    {
        "access_token": "secret-access",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": "secret-refresh",
        "scope": "profile readings:write",
    },
)
ANA = (200, {"sub": "u1", "name": "Ana Ruiz", "username": "ana"})

Answer = tuple[Any, ...]  # status, JSON body (bytes go out as they are), headers


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass
class MockServer:
    """Use as a context manager. `answers[path]` is one answer for ever, a list to go through (the last one stays), or a
    function of the request. CUT as an answer closes the connection without a word."""

    hold_for: int = 30
    tls: ssl.SSLContext | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    name: str = "127.0.0.1"

    def __enter__(self) -> "MockServer":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.answers = {METADATA: (200, self.metadata()), DEVICE: self.codes(), TOKEN: TOKENS, ME: ANA, **self.answers}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def issuer(self) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://{self.name}:{self._server.server_address[1]}"

    def metadata(self, **changes: Any) -> dict[str, Any]:
        """The metadata of an honest server."""
        issuer = self.issuer
        return {
            "issuer": issuer,
            "device_authorization_endpoint": issuer + DEVICE,
            "token_endpoint": issuer + TOKEN,
            "revocation_endpoint": issuer + REVOKE,
            "mqtt_credentials_endpoint": issuer + "/mqtt/credentials",
            "token_endpoint_wait_supported": self.hold_for,
            **changes,
        }

    def codes(self, **changes: Any) -> Answer:
        """The answer of the device authorization endpoint."""
        body = {
            "device_code": "the-device-code-that-nobody-may-see",
            "user_code": "WDJB-MJHT",
            "verification_uri": self.issuer + "/device",
            "verification_uri_complete": self.issuer + "/d/WDJBMJHT",
            "expires_in": 600,
            "interval": 1,
        }
        return 200, {name: value for name, value in {**body, **changes}.items() if value is not None}

    def asked_for(self, path: str) -> list[Asked]:
        """The requests to one path so far."""
        return [asked for asked in self.asked if asked.path.partition("?")[0] == path]

    def wait_for(self, path: str, count: int = 1, within: float = 10) -> None:
        """Return when `path` has been asked for `count` times."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.asked_for(path)) >= count, within), f"nobody asked for {path}"

    def _answer(self, asked: Asked) -> Answer:
        path = asked.path.partition("?")[0]
        answer = self.answers.get(path, (404, {"error": "not_found"}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer(asked)
        return tuple(answer)

    def _handler(mock) -> type[BaseHTTPRequestHandler]:
        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def do_GET(self) -> None:
                size = int(self.headers.get("content-length", 0))
                asked = Asked(
                    self.command,
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(size),
                )
                with mock.arrived:
                    mock.asked.append(asked)
                    mock.arrived.notify_all()
                status, body, *headers = mock._answer(asked)
                if status == CUT[0]:
                    self.close_connection = True
                    return
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in (headers[0] if headers else {}).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_POST = do_DELETE = do_GET

            def handle(self) -> None:
                try:
                    super().handle()
                except (OSError, ssl.SSLError):
                    self.close_connection = True  # the agent went away, as some tests want it to

            def log_message(self, *arguments: object) -> None:
                """Keep the tests' output quiet."""

        return Answering


CUT: Answer = (0, None)
