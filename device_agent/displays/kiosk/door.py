"""The HTTP server of the TV's page: loopback only, one secret path, no foreign names, no foreign code."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import compare_digest, token_urlsafe
from socketserver import TCPServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any, Protocol

    class Screen(Protocol):
        """What the door asks for. `version` grows with each change."""

        def html(self) -> str: ...
        def event(self, after: int, within: float) -> "tuple[int, str] | None":
            """(version, data) once there is a version later than `after`; None when there was none in time."""

        def press(self) -> bool: ...
        def leave(self) -> None: ...
        def is_open(self) -> bool: ...


HERE = os.path.dirname(__file__)
FILES = (("style.css", "text/css; charset=utf-8"), ("script.js", "text/javascript; charset=utf-8"))
MOST_AT_ONCE = 32
SILENCE = 15.0  # seconds between signs of life on a stream
HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


class Door(ThreadingHTTPServer):
    """Serves `screen` at `url`, which is all that a program of this machine needs to know to see the code."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = MOST_AT_ONCE

    def __init__(self, screen: "Screen", port: int) -> None:
        super().__init__(("127.0.0.1", port), Visit)
        self.screen = screen
        self.token = token_urlsafe(18)
        self.port = int(self.server_address[1])
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="kiosk", daemon=True)
        self._thread.start()

    def server_bind(self) -> None:
        """Without the look for this machine's name that the library makes: it can take seconds without a network."""
        TCPServer.server_bind(self)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def process_request(self, request: "Any", client_address: "Any") -> None:
        """As many visits at once as there are places; who comes then is let go without a word."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: "Any", client_address: "Any") -> None:
        """One visit in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: "Any") -> None:
        """A browser that hangs up is no news."""

    def close(self) -> None:
        """Serve no more."""
        self.shutdown()
        self.server_close()
        self._thread.join(5)


class Visit(BaseHTTPRequestHandler):
    """One request. Everything but the secret path under a loopback name is not found."""

    server: Door
    protocol_version = "HTTP/1.1"
    server_version = "porchlight-agent"
    sys_version = ""
    timeout = 20

    def do_GET(self) -> None:
        """The page, its two files, and the stream of its states."""
        path = self._path()
        if path == "":
            self._answer(200, "text/html; charset=utf-8", self.server.screen.html().encode())
        elif path == "events":
            self._stream()
        else:
            for name, kind in FILES:
                if path == name:
                    with open(os.path.join(HERE, name), "rb") as file:
                        self._answer(200, kind, file.read())
                    return
            self._answer(404, "text/plain", b"Nothing here.\n")

    def do_POST(self) -> None:
        """The button for another try, pressed on this page and no other."""
        if self._path() != "again" or self.headers.get("Content-Length", "0") not in ("", "0"):
            self.close_connection = True
            self._answer(404, "text/plain", b"Nothing here.\n")
        elif not self._is_own_page():
            self._answer(403, "text/plain", b"Press the button on the page itself.\n")
        else:
            self.server.screen.press()
            self._answer(303, "text/plain", b"", (("Location", "./"),))

    def _path(self) -> "str | None":
        """What follows the secret part; None where the secret or the name of this machine is not as it should be."""
        port = self.server.port
        # A foreign name that was made to lead here (DNS rebinding) is a foreign page's way in.
        if self.headers.get_all("Host") not in ([f"127.0.0.1:{port}"], [f"localhost:{port}"]):
            return None
        token, slash, rest = self.path.partition("?")[0].lstrip("/").partition("/")
        is_right = compare_digest(token.encode(), self.server.token.encode())
        return rest if is_right and slash else None

    def _is_own_page(self) -> bool:
        origin = self.headers.get("Origin", "null")
        names = (f"http://127.0.0.1:{self.server.port}", f"http://localhost:{self.server.port}")
        # Without a referrer (our own policy) a form that is sent without a script has the origin "null".
        return self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin" and origin in (*names, "null")

    def _answer(self, status: int, kind: str, body: bytes, more: "tuple[tuple[str, str], ...]" = ()) -> None:
        self.send_response(status)
        for name, value in (*HEADERS, *more, ("Content-Type", kind), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.close_connection = True
        self.send_response(200)
        for name, value in (*HEADERS, ("Content-Type", "text/event-stream"), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"retry: 1000\n\n")
        version = 0
        try:
            while self.server.screen.is_open():
                found = self.server.screen.event(version, SILENCE)
                if found is None:
                    self.wfile.write(b":\n\n")
                else:
                    version, data = found
                    self.wfile.write(f"data: {data}\n\n".encode())
        finally:
            self.server.screen.leave()

    def log_message(self, format: str, *arguments: object) -> None:
        """The address is a secret: nothing is logged."""


def start(screen: "Screen", port: int, complain: "Callable[[str], Exception]") -> Door:
    """A door at this port, 0 for any; raises what `complain` makes of the reason when it is taken."""
    try:
        return Door(screen, port)
    except (OSError, OverflowError) as error:
        raise complain(str(getattr(error, "strerror", None) or error)) from None
