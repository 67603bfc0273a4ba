"""The road between a device and a real server: a proxy that forwards, and loses answers when it is told to."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import requests

from tests.device_agent.mock_server import Asked
from tests.house import browser


@dataclass
class Road:
    """Use as a context manager, set `leads_to` to the server's address. `loses(asked)` says what becomes of an answer:
    False delivers it, True cuts the connection once the server has answered, an event holds it until then and cuts."""

    leads_to: str = ""
    loses: Callable[[Asked], "bool | threading.Event"] = lambda asked: False
    asked: list[Asked] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)

    def __enter__(self) -> "Road":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._web = browser()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        self._web.close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def refreshes(self) -> list[Asked]:
        """The refreshes that went over it."""
        return [asked for asked in self.asked if b"grant_type=refresh_token" in asked.body]

    def forward(self, asked: Asked) -> requests.Response:
        """The server's own answer."""
        kept = {name: value for name, value in asked.headers.items() if name not in ("host", "content-length")}
        return self._web.request(
            asked.method, self.leads_to + asked.path, data=asked.body, headers=kept, timeout=40, allow_redirects=False
        )

    def _handler(road) -> type[BaseHTTPRequestHandler]:
        class Forwarding(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, body)
                road.asked.append(asked)
                fate = road.loses(asked)
                answer = road.forward(asked)
                road.answered.append(answer.status_code)
                if fate is not False:
                    if isinstance(fate, threading.Event):
                        fate.wait(20)
                    self.close_connection = True
                    return
                self.send_response_only(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "content-encoding"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_POST = do_GET

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True  # the device went away

            def log_message(self, *arguments: object) -> None:
                """Keep the tests' output quiet."""

        return Forwarding
