"""A small HTTPS server on the loopback for what Porchlight asks of others; it remembers what it was asked."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.certificate import certificate

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Elsewhere:
    """`answer` says what to reply; None is 200 with an empty body. `ca` is for the setting `outbound_ca`."""

    port: int = 0
    ca: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Reply] | None = None

    @property
    def origin(self) -> str:
        return f"{'https' if self.ca else 'http'}://127.0.0.1:{self.port}"


@contextmanager
def open_elsewhere(tmp_path: Path, *, name: str = "127.0.0.1", tls: bool = True) -> Iterator[Elsewhere]:
    """A running one whose certificate is for `name`."""
    place = Elsewhere()

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("content-length", 0))
            asked = Asked(
                self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(size)
            )
            place.asked.append(asked)
            status, headers, body = place.answer(asked) if place.answer else (200, {}, b"")
            self.send_response(status)
            for key, value in ({"content-length": str(len(body))} | headers).items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_GET

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A caller that hangs up is no fault of ours."""

    server = Server(("127.0.0.1", 0), Counter)
    place.port = server.server_port
    if tls:
        place.ca = str(certificate(tmp_path / "elsewhere.pem", name))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place.ca)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="elsewhere")
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
