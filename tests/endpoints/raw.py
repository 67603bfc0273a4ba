"""HTTP by hand, for what no well-behaved client sends."""

import json
import socket
from dataclasses import dataclass, field

from tests.house import RunningHouse

COUNTER = ("/token", "/device_authorization", "/revoke", "/introspect")
FORM = "Content-Type: application/x-www-form-urlencoded"


@dataclass
class Answer:
    """One HTTP answer as it came off the wire; header names in lower case, in the order in which they came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str:
        return ", ".join(value for each, value in self.headers if each == name)

    @property
    def told(self) -> list[tuple[str, str]]:
        """The headers without the time."""
        return [(name, value) for name, value in self.headers if name != "date"]


@dataclass
class Wire:
    """A connection to the house; closed with `with`."""

    house: RunningHouse
    _rest: bytes = b""
    _socket: socket.socket = field(init=False)

    def __enter__(self) -> "Wire":
        self._socket = socket.create_connection(("127.0.0.1", self.house.app.house.settings.port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()

    def ask(self, data: bytes) -> Answer:
        self.send(data)
        return self.read()

    def read(self, *, is_head: bool = False) -> Answer:
        """The next answer; `ConnectionError` when the house closed instead."""
        head = self._until(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = [
            (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line)
        ]
        answer = Answer(int(lines[0].split()[1]), headers)
        length = 0 if is_head else int(answer.header("content-length") or 0)
        while len(self._rest) < length:
            self._more()
        answer.body, self._rest = self._rest[:length], self._rest[length:]
        return answer

    def is_closed(self) -> bool:
        """Whether the house closes this connection, having said no more."""
        try:
            return self._socket.recv(1) == b""
        except ConnectionError:
            return True

    def is_cut_off(self, data: bytes, most: int) -> bool:
        """Whether the house hangs up when this is sent again and again, before `most` bytes went out."""
        sent = 0
        try:
            while sent < most:
                self.send(data)
                sent += len(data)
        except ConnectionError:
            return True
        return False

    def _until(self, end: bytes) -> bytes:
        while end not in self._rest:
            self._more()
        found, _, self._rest = self._rest.partition(end)
        return found

    def _more(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionError("the house closed the connection")
        self._rest += data


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request with a `Content-Length` when there is a body and none was given."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if body and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in lines):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(*parts: bytes) -> bytes:
    """A body in these chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def form_post(path: str, body: bytes, *headers: str) -> bytes:
    return request("POST", path, FORM, *headers, body=body)


def is_plain_refusal(answer: Answer, *statuses: int) -> None:
    """JSON of RFC 6749 section 5.2, or a bare 400 of the HTTP parser; never a page, never ours to blame."""
    assert answer.status in (statuses or range(400, 500)), answer
    assert b"<" not in answer.body
    if answer.header("content-type") == "application/json":
        assert json.loads(answer.body)["error"]
        assert "no-store" in answer.header("cache-control")
    else:
        assert (answer.status, answer.header("connection")) == (400, "close")
