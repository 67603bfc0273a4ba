"""What the house asks of a broker, whichever it is: carry calls and answers, renew, and close."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """An API call of a device. The broker vouches for `device_id`; `token` is what its session rests on."""

    device_id: str
    token: str
    method: str
    request_id: str
    payload: bytes


Answer = Callable[[Call], Awaitable[bytes]]


class Broker(Protocol):
    """A broker and its adapter. `port` is where devices connect; 0 until `start`."""

    @property
    def port(self) -> int: ...

    async def start(self, answer: Answer) -> None:
        """Begin to take connections; every call is given to `answer`, whose envelope is published as the reply.
        Raises `OSError` when the port cannot be had."""
        ...

    async def stop(self) -> None:
        """Tell every device goodbye (0x8B) and let go of the port."""
        ...

    async def close(self, family_id: str, device_id: str) -> None:
        """End the session of this token family, if it has one, at once; its will is published, and nothing that its
        device left behind is kept."""
        ...

    async def renew(self, device_id: str, token: str) -> bool:
        """Let the open session of this device rest on a fresh token. False when there is none, or it is refused."""
        ...
