"""The two ends that time brings to a connection: its token expires, or it falls silent (MQTT 5 section 3.1.2.10)."""

from collections.abc import Callable
from typing import Protocol

from server.broker.agenda import Entry
from server.broker.exchange import Exchange


class Silence(Protocol):
    """What is known of the peer's last word."""

    heard_at: int
    is_congested: bool


class Vigil:
    """`expired` is called when the token may have ended, `silent` after one and a half keep-alives of silence."""

    __slots__ = ("_exchange", "_expired", "_expiry", "_keep_alive", "_keep_alive_for", "_peer", "_silent")

    def __init__(
        self, exchange: Exchange, peer: Silence, expired: Callable[[], None], silent: Callable[[], None]
    ) -> None:
        self._exchange = exchange
        self._peer = peer
        self._expired = expired
        self._silent = silent
        self._expiry: Entry | None = None
        self._keep_alive: Entry | None = None
        self._keep_alive_for = 0

    def watch(self, keep_alive: int) -> None:
        """Expect a word every one and a half `keep_alive` seconds."""
        self._keep_alive_for = keep_alive * 1500
        self._listen()

    def expect_end(self, expires_at: int) -> None:
        """The token ends at this instant of the wall clock, and no other."""
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = self._exchange.expiries.put(expires_at, self._expired)

    def end(self) -> None:
        """Nothing is watched any more."""
        for entry in (self._expiry, self._keep_alive):
            if entry is not None:
                entry.cancel()

    def _listen(self) -> None:
        due_at = self._peer.heard_at + self._keep_alive_for
        now = self._exchange.uptime()
        if due_at <= now and not self._peer.is_congested:
            self._silent()
            return
        self._keep_alive = self._exchange.durations.put(max(due_at, now + 1), self._listen)
