"""What registration over HTTP and devices that are known beforehand need remembered, and the store's promises for them.

The law that decides is `registration.py` (RFC 7591, RFC 7592).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from .client import Client
from .event import Event


class Permit(NamedTuple):
    """What the holder of an initial access token may register: grants, ways to authenticate, scopes."""

    grants: tuple[str, ...]
    methods: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InitialToken:
    """An initial access token, kept as its hash. `note` is the operator's own; each registration takes a use."""

    token_id: str
    token_hash: bytes
    note: str
    grants: tuple[str, ...]
    methods: tuple[str, ...]
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int
    uses_left: int

    @property
    def permit(self) -> Permit:
        return Permit(self.grants, self.methods, self.scopes)

    def is_good(self, now: int) -> bool:
        return self.uses_left > 0 and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Registration:
    """That a client registered itself: the hash of its registration access token, and the permit it keeps to.

    `method` is the wire word of how it authenticates; `token_id` says which initial access token it came with.
    """

    client_id: str
    token_hash: bytes
    token_id: str
    method: str
    grants: tuple[str, ...]
    methods: tuple[str, ...]
    scopes: tuple[str, ...]

    @property
    def permit(self) -> Permit:
        return Permit(self.grants, self.methods, self.scopes)


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key of a device that is known beforehand: `jkt` is its RFC 7638 thumbprint."""

    client_id: str
    jkt: str
    created_at: int


class Registered(NamedTuple):
    """A client and how it came to be registered."""

    client: Client
    registration: Registration


ChangeRegistration = Callable[[Registered], Registered]


class Registrations(Protocol):
    """The part of the store behind registration over HTTP."""

    async def add_initial_token(self, token: InitialToken, *, events: Sequence[Event] = ()) -> None: ...

    async def find_initial_token(self, token_hash: bytes) -> InitialToken | None: ...

    async def initial_tokens(self) -> Sequence[InitialToken]:
        """Oldest first."""
        ...

    async def end_initial_token(self, token_id: str, *, events: Sequence[Event] = ()) -> bool:
        """Whether there was one of this id; now there is none."""
        ...

    async def register_client(
        self, token_hash: bytes, client: Client, registration: Registration, now: int, *, events: Sequence[Event] = ()
    ) -> bool:
        """Take a use of the initial access token and add the client, both or neither; news of `client`.

        False when the token is not good any more. Of many at once, only as many win as there are uses.
        """
        ...

    async def find_registration(self, client_id: str) -> Registration | None: ...

    async def change_registration(
        self, client_id: str, change: ChangeRegistration, *, events: Sequence[Event] = ()
    ) -> Registered | None:
        """Replace both; news of `client`. None when the client is not registered (any more)."""
        ...

    async def delete_client(
        self, client_id: str, now: int, *, events: Sequence[Event] = (), ended: Event | None = None
    ) -> Sequence[str] | None:
        """Remove the client with its registration and its device keys, and end its families: their ids.

        News of `client` and of each `family`; of each is told by `ended`, too. None when there is no such client.
        """
        ...


class DeviceKeys(Protocol):
    """The part of the store that knows devices beforehand."""

    async def add_device_keys(
        self, client_id: str, thumbprints: Sequence[str], now: int, *, events: Sequence[Event] = ()
    ) -> int:
        """How many of them were new."""
        ...

    async def remove_device_keys(
        self, client_id: str, thumbprints: Sequence[str], *, events: Sequence[Event] = ()
    ) -> int:
        """How many of them there were."""
        ...

    async def is_known_device(self, client_id: str, jkt: str) -> bool: ...

    async def device_keys(self, client_id: str) -> Sequence[DeviceKey]:
        """Oldest first."""
        ...
