"""The smallest HTTP/1.1 client that is safe to give tokens to: no redirect, TLS always verified, every size bounded.

The standard library's own clients cost a quarter of the agent's start (`bench/`), so this speaks RFC 9112 on a socket.
"""

import socket
import time

from device_agent.exits import USAGE, Failure
from device_agent.flow.form import encode_form
from device_agent.http.answer import Answer, Reader, read_answer
from device_agent.http.date import ServerClock
from device_agent.http.errors import Unreachable, Untrusted
from device_agent.http.url import is_private, split_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

OUT_OF_TIME = (9, 10)  # X.509: not yet valid, no longer valid
ANSWER_WITHIN = 10_000  # milliseconds, beyond what the server was asked to hold the request for


class Http:
    """Requests over kept connections, one per origin. Times are milliseconds. `clock` is the server's."""

    def __init__(self, ca_file: str = "", is_http_allowed: bool = False) -> None:
        self._ca_file = ca_file
        self._is_http_allowed = is_http_allowed
        self._context: ssl.SSLContext | None = None
        self._kept: dict[tuple[str, str, int], socket.socket] = {}
        self.clock = ServerClock()

    def post_form(
        self,
        url: str,
        form: tuple[tuple[str, str], ...],
        hold_for: int = 0,
        more: "list[tuple[str, str]] | None" = None,
        meanwhile: "Callable[[], object] | None" = None,
    ) -> Answer:
        """POST a form; `hold_for` asks the server to hold the answer for so many seconds, `more` are headers."""
        headers = [("Content-Type", "application/x-www-form-urlencoded"), *(more or [])]
        if hold_for:
            headers.append(("Prefer", f"wait={hold_for}"))
        return self.send("POST", url, headers, encode_form(form), ANSWER_WITHIN + hold_for * 1000, meanwhile)

    def send(
        self,
        method: str,
        url: str,
        headers: "list[tuple[str, str]] | None" = None,
        body: bytes = b"",
        answer_within: int = ANSWER_WITHIN,
        meanwhile: "Callable[[], object] | None" = None,
    ) -> Answer:
        """One request, one answer. `meanwhile` runs while the request travels. Raises Unreachable or Untrusted."""
        scheme, host, port, target = split_url(url)
        deadline = time.monotonic() + answer_within / 1000
        origin = (scheme, host, port)
        connection = self._take_kept(origin)
        is_sent = False
        try:
            if connection is None:
                connection = self._connect(scheme, host, port, answer_within)
            is_sent = True
            connection.sendall(_head(method, host, port, scheme, target, headers or [], body) + body)
            if meanwhile is not None:
                meanwhile()
            answer, is_kept = read_answer(Reader(connection, deadline))
        except OSError as error:
            _close(connection)
            raise Unreachable(f"{host}: {_reason(error)}", is_sent) from error
        except BaseException:
            _close(connection)
            raise
        self.clock.hear(answer.headers)
        if is_kept:
            self._kept[origin] = connection
        else:
            _close(connection)
        return answer

    def close(self) -> None:
        """Close every kept connection."""
        while self._kept:
            _close(self._kept.popitem()[1])

    def _take_kept(self, origin: tuple[str, str, int]) -> "socket.socket | None":
        connection = self._kept.pop(origin, None)
        if connection is None or _is_quiet(connection):
            return connection
        _close(connection)
        return None

    def _connect(self, scheme: str, host: str, port: int, within: int) -> socket.socket:
        if scheme == "http" and not self._is_http_allowed:
            raise Untrusted(f"{host}: the server's address is not https")
        context = self._tls() if scheme == "https" else None
        # Bytes keep Python from loading its IDNA tables for a plain name.
        address = (host.encode("ascii") if host.isascii() else host, port)
        connection = socket.create_connection(address, min(within, ANSWER_WITHIN) / 1000)  # type: ignore[arg-type]
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                return _shake_hands(context, connection, host)
            if not is_private(connection.getpeername()[0]):
                raise Untrusted(f"{host}: http is only for loopback and private networks")
        except BaseException:
            _close(connection)
            raise
        return connection

    def _tls(self) -> "ssl.SSLContext":
        import ssl

        if self._context is None:
            try:
                self._context = ssl.create_default_context(cafile=self._ca_file or None)
            except OSError as error:  # ssl.SSLError is one: a file that holds no certificate
                why = error.strerror if error.errno else "it holds no certificate"
                raise Failure(
                    USAGE, "usage", f"--ca-file {self._ca_file} cannot be used: {why}.", "Give a PEM file."
                ) from None
        return self._context


def _shake_hands(context: "ssl.SSLContext", connection: socket.socket, host: str) -> socket.socket:
    import ssl

    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        said = f"{host}: its certificate is not good: {error.verify_message}"
        raise Untrusted(said, error.verify_code in OUT_OF_TIME) from None
    except ssl.SSLError as error:
        raise Untrusted(f"{host}: no TLS connection: {error.reason or error}") from None


def _head(
    method: str, host: str, port: int, scheme: str, target: str, headers: list[tuple[str, str]], body: bytes
) -> bytes:
    name = f"[{host}]" if ":" in host else host
    default = port == (443 if scheme == "https" else 80)
    lines = [f"{method} {target} HTTP/1.1", f"Host: {name}" if default else f"Host: {name}:{port}"]
    lines += ["User-Agent: porchlight-agent", "Accept: application/json"]
    lines += [f"{header}: {value}" for header, value in headers]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header may not hold a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _is_quiet(connection: socket.socket) -> bool:
    # A kept connection that has something to read was closed by the server while we waited (or worse): never send a
    # code into it and then wonder whether it arrived.
    import select

    try:
        return not select.select([connection], [], [], 0)[0]
    except (OSError, ValueError):
        return False


def _close(connection: "socket.socket | None") -> None:
    if connection is not None:
        connection.close()


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "no such name, or no network"
    if isinstance(error, ConnectionRefusedError):
        return "nobody answers there"
    return error.strerror or str(error) or type(error).__name__
