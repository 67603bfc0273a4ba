"""Reading one HTTP/1.1 answer from a socket, bounded in size and in time (RFC 9112)."""

import socket
import time

MAX_HEAD = 32 * 1024
MAX_BODY = 256 * 1024


class Answer:
    """Status, headers (names in lower case) and body of a response."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> object:
        """The parsed body, None when it is no JSON."""
        import json

        try:
            parsed: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return parsed

    def retry_after_for(self) -> int:
        """Retry-After in milliseconds; a date counts as 0, for the clock of a device may be wrong."""
        value = self.headers.get("retry-after", "")
        return int(value) * 1000 if value.isdecimal() and len(value) < 7 else 0

    def held_for(self) -> int | None:
        """N of `Preference-Applied: wait=N` (RFC 7240 section 3), None without one."""
        value = self.headers.get("preference-applied", "").replace(" ", "").lower().removeprefix("wait=")
        return int(value) if value.isdecimal() and len(value) < 5 else None


class Reader:
    """Reads from a socket until a deadline, however slowly the bytes drip."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._buffer = b""

    def line(self) -> str:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_HEAD:
                raise OSError("its answer is too large")
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("latin-1")

    def exactly(self, size: int) -> bytes:
        if size > MAX_BODY:
            raise OSError("its answer is too large")
        while len(self._buffer) < size:
            self._more()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def is_empty(self) -> bool:
        return not self._buffer

    def rest(self) -> bytes:
        while len(self._buffer) <= MAX_BODY:
            try:
                self._more()
            except ConnectionError:
                return self._buffer
        raise OSError("its answer is too large")

    def _more(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        more = self._connection.recv(16 * 1024)
        if not more:
            raise ConnectionError("it closed the connection")
        self._buffer += more


def read_answer(reader: Reader) -> tuple[Answer, bool]:
    status, version, headers = 100, "", {}
    while 100 <= status < 200:  # an interim answer announces the real one
        version, _, rest = reader.line().partition(" ")
        if version not in ("HTTP/1.1", "HTTP/1.0") or not rest[:3].isdecimal() or len(rest[:3]) < 3:
            raise OSError("it does not speak HTTP")
        status, headers = int(rest[:3]), _read_headers(reader)
    is_kept = version == "HTTP/1.1" and "close" not in headers.get("connection", "").lower()
    length = headers.get("content-length", "")
    if status in (204, 304):
        body = b""
    elif headers.get("transfer-encoding", "").lower() == "chunked":
        body = _read_chunks(reader)
    elif length.isdecimal() and len(length) < 12:
        body = reader.exactly(int(length))
    else:
        body, is_kept = reader.rest(), False
    # Whoever says more than one answer may be answering somebody else: nothing more is asked on this connection.
    return Answer(status, headers, body), is_kept and reader.is_empty()


def _read_headers(reader: Reader) -> dict[str, str]:
    headers: dict[str, str] = {}
    total = 0
    while line := reader.line():
        total += len(line)
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if name == "www-authenticate" and name in headers:  # one for each scheme
            value = f"{headers[name]}, {value}"
        headers[name] = value
        if total > MAX_HEAD:
            raise OSError("its answer is too large")
    return headers


def _read_chunks(reader: Reader) -> bytes:
    body = b""
    while True:
        try:
            size = int(reader.line().partition(";")[0], 16)
        except ValueError:
            raise OSError("it does not speak HTTP") from None
        if size < 0 or len(body) + size > MAX_BODY:
            raise OSError("its answer is too large")
        if size == 0:
            _read_headers(reader)
            return body
        body += reader.exactly(size)
        reader.line()
