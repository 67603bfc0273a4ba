"""What the law needs remembered: the promises that every storage keeps. Adapters are in `server/storage`.

Each promise is atomic and durable when it returns: it survives `kill -9` and a pulled plug. Two callers that change the
same thing, in one process or on two servers, take turns: the second sees what the first wrote. A `change` is a pure
function; when it raises, nothing is written and the exception reaches the caller. A storage may call it again.

Whoever decides gives the `events` that tell of it: they are written with the change, or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from .account import Account, People, Session
from .authorization import AuthorizationRequest
from .backchannel import BackchannelStore
from .client import Client
from .delivery import Deliveries, Delivery
from .device import DeviceAuthorization
from .event import Audit, Event
from .factor import Factors
from .guess import Budget
from .link import Links
from .registered import DeviceKeys, Registrations
from .token import Family, RefreshToken, Rotation

Change = Callable[[DeviceAuthorization | None], DeviceAuthorization]
ChangeRequest = Callable[[AuthorizationRequest | None], AuthorizationRequest]
Subject = Literal["device", "backchannel", "family", "client", "account", "key", "delivery", "lost"]


class CodeTaken(Exception):
    """A live device authorization has this user code already: draw another."""


class NameTaken(Exception):
    """There is a client or an account with this name already."""


class Outdated(Exception):
    """It was changed since it was read: what was decided by it does not hold any more."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the mint. `private_pem` is PKCS 8; it signs from `active_at` until a newer one does.

    It is published until `retired_at` (None: not known yet), by when all that it signed has lapsed.
    """

    key_id: str
    algorithm: str
    private_pem: str
    created_at: int
    active_at: int
    retired_at: int | None = None


class News(NamedTuple):
    """Something changed, here or on another server that shares the storage.

    `key` is the hex of the hash of a device code or auth_req_id, or the id of a family, client, account or key.
    `value` is what it is now when the change was made here; None says: look it up. `lost` says that news may have been
    missed: trust nothing held in memory, until `lost` with the key "found" says that news arrives again: read it again.
    """

    subject: Subject
    key: str = ""
    value: object = None


AUDIT_FOR: Final = 400 * 86_400_000  # how long events are kept unless somebody says otherwise
LOST: Final = News("lost")
FOUND: Final = News("lost", "found")


class Store(People, Factors, Links, Deliveries, Audit, BackchannelStore, Registrations, DeviceKeys, Protocol):
    """The whole cellar. Lists are in no order unless said."""

    async def open(self, hear: Callable[[News], None]) -> None:
        """Check that the storage can be written and is of this version; from now on `hear` is called, in the event
        loop, with every change, whoever made it, within a quarter of a second (at once for those made here).
        Raises `StorageError` with what to do."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go."""
        ...

    # Device authorizations

    async def add_device(self, authorization: DeviceAuthorization) -> None:
        """Raises `CodeTaken` when the user code is in use; the others of a group commit are not disturbed."""
        ...

    async def find_device(self, code_hash: bytes) -> DeviceAuthorization | None: ...

    async def find_device_by_user_code(self, user_code_hash: bytes) -> DeviceAuthorization | None: ...

    async def change_device(
        self, code_hash: bytes, change: Change, *, events: Sequence[Event] = ()
    ) -> DeviceAuthorization:
        """Apply a transition; news of `device`."""
        ...

    async def redeem_device(
        self,
        code_hash: bytes,
        change: Change,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
        owed: Sequence[Delivery] = (),
    ) -> DeviceAuthorization:
        """Apply the transition, open the family and keep what is owed for it, all or nothing; news of `device`."""
        ...

    async def unexpired_devices(self, now: int) -> Sequence[DeviceAuthorization]:
        """All that have not expired, whatever their state: what a server takes up again after a restart."""
        ...

    # Authorization requests

    async def add_request(self, request: AuthorizationRequest) -> None: ...

    async def find_request(self, request_hash: bytes) -> AuthorizationRequest | None: ...

    async def find_request_by_code(self, code_hash: bytes) -> AuthorizationRequest | None: ...

    async def change_request(
        self, request_hash: bytes, change: ChangeRequest, *, events: Sequence[Event] = ()
    ) -> AuthorizationRequest:
        """Apply a transition."""
        ...

    async def redeem_request(
        self,
        request_hash: bytes,
        change: ChangeRequest,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
    ) -> AuthorizationRequest:
        """Apply the transition and open the family, both or neither."""
        ...

    # Token families

    async def find_family(self, family_id: str) -> Family | None: ...

    async def families(self, account_id: str | None = None) -> Sequence[Family]:
        """Newest activity first; of one account or of all."""
        ...

    async def ended_families(self, since: int) -> Sequence[str]:
        """The ids of families that ended at `since` or later."""
        ...

    async def end_family(self, family_id: str, now: int, *, event: Event | None = None) -> Family | None:
        """End it (again is no error); news of `family`. None when there is none.

        The event is written only when it lived until now, and told of the family (`token.told_of`)."""
        ...

    async def find_refresh_token(self, token_hash: bytes) -> tuple[RefreshToken, Family] | None: ...

    async def rotate(self, token_hash: bytes, change: Callable[[RefreshToken, Family], Rotation]) -> Rotation | None:
        """Write all that the rotation says, and news of `family` when that ended it. None for an unknown token."""
        ...

    # Clients, accounts, sessions

    async def add_client(self, client: Client, *, events: Sequence[Event] = ()) -> None:
        """News of `client`. Raises `NameTaken`."""
        ...

    async def change_client(self, client: Client, *, events: Sequence[Event] = ()) -> None:
        """Replace the client of this id; news of `client`."""
        ...

    async def find_client(self, client_id: str) -> Client | None: ...

    async def clients(self) -> Sequence[Client]:
        """In the order of their ids."""
        ...

    async def add_account(self, account: Account, *, events: Sequence[Event] = ()) -> None:
        """News of `account`. Raises `NameTaken`."""
        ...

    async def change_account(
        self, account: Account, *, was: Account | None = None, events: Sequence[Event] = ()
    ) -> None:
        """Replace the account of this id; news of `account`. Raises `NameTaken`, and `Outdated` when it is not as it
        `was` any more (`account.is_still`)."""
        ...

    async def find_account(self, account_id: str) -> Account | None: ...

    async def find_account_by_username(self, username: str) -> Account | None: ...

    async def add_session(self, session: Session, *, events: Sequence[Event] = ()) -> None: ...

    async def find_session(self, session_hash: bytes) -> Session | None: ...

    async def end_session(self, session_hash: bytes, *, events: Sequence[Event] = ()) -> None:
        """The events are written only when there was one."""
        ...

    # Guess budgets

    async def take_tries(self, budgets: Sequence[Budget], now: int) -> int:
        """Take a try from every budget (`guess.take`): 0, or the milliseconds to wait when one has no room left."""
        ...

    async def give_back_tries(self, budgets: Sequence[Budget]) -> None:
        """The try was right: as if it had not been taken."""
        ...

    # What may be shown once

    async def take_once(self, key_hash: bytes, expires_at: int) -> bool:
        """Whether this is the first time; from now on, until `expires_at`, it is not. Of many callers one gets True."""
        ...

    # Keys

    async def keys(self) -> Sequence[SigningKey]:
        """Oldest first."""
        ...

    async def add_key(self, key: SigningKey, *, events: Sequence[Event] = ()) -> None:
        """News of `key`."""
        ...

    async def change_key(self, key: SigningKey, *, events: Sequence[Event] = ()) -> None:
        """News of `key`."""
        ...

    # The house

    async def sweep(self, now: int, *, audit_for: int = AUDIT_FOR) -> int:
        """Delete a batch of what has been dead for a while (device authorizations and authorization requests ten
        minutes after their expiry, lapsed refresh tokens, ended families a month later, sessions, guess counts, what
        was shown once, events older than `audit_for` milliseconds); how many rows. Call until 0."""
        ...


class StorageError(Exception):
    """The storage cannot be used. The message says why and what to do."""
