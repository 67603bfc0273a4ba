"""What a person can prove themselves by beside a password: passkeys, one-time codes, identities at other providers.

A proof that takes several steps is an `Attempt`: begun in one browser, finished there, once, within minutes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from .account import Account
from .event import Event

Errand = Literal["passkey", "new_passkey", "second_step", "provider", "link"]
ATTEMPT_FOR: Final[dict[Errand, int]] = {
    "passkey": 600_000,  # a sign-in page lies open while a person looks for the phone
    "new_passkey": 300_000,
    "second_step": 300_000,
    "provider": 600_000,
    "link": 600_000,
}
FRESH_FOR: Final = 300_000  # how long a sign-in is the proof of the moment, for what a thief would change
MOST_PASSKEYS: Final = 20
MOST_IDENTITIES: Final = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """A proof on its way. `attempt_hash` is that of a challenge, of a `state`, or of the browser's own secret.

    `browser_hash` is the browser's that began it, with the password it gave in a `second_step`; `account_id` who it is
    about, "" while unknown; `provider` which provider is asked. `came_for` is what the pages want back. `needs_fresh`:
    an old sign-in at the provider is none.
    """

    attempt_hash: bytes
    errand: Errand
    created_at: int
    expires_at: int
    browser_hash: bytes
    account_id: str = ""
    provider: str = ""
    came_for: str = ""
    needs_fresh: bool = False

    def is_live(self, now: int, browser_hash: bytes, *errands: Errand) -> bool:
        """Whether it may be finished now, by this browser, as one of these."""
        return now < self.expires_at and self.errand in errands and self.browser_hash == browser_hash


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential of WebAuthn. `credential_id` and `public_key` (COSE) are base64url.

    `is_synced`: it may be copied to other devices of the person. `alarmed_at`: its counter ran backwards, so that
    there may be a copy nobody meant: it opens nothing any more.
    """

    credential_id: str
    account_id: str
    public_key: str
    sign_count: int
    name: str
    is_synced: bool
    created_at: int
    last_used_at: int = 0
    alarmed_at: int | None = None


class Copied(Exception):
    """A passkey's counter ran backwards: there are two of it."""


def shown(passkey: Passkey | None, sign_count: int, now: int) -> Passkey:
    """The same, used now (WebAuthn section 7.2, step 22; 0 is what keys without a counter say).

    Raises `LookupError` for one that opens nothing, `Copied` for the alarm.
    """
    if passkey is None or passkey.alarmed_at is not None:
        raise LookupError("there is no such passkey")
    if (sign_count or passkey.sign_count) and sign_count <= passkey.sign_count:
        raise Copied
    return replace(passkey, sign_count=sign_count, last_used_at=now)


def alarmed(passkey: Passkey | None, now: int) -> Passkey:
    """The same, opening nothing any more: nobody can tell the copy from the original."""
    if passkey is None:
        raise LookupError("there is no such passkey")
    return replace(passkey, alarmed_at=now)


@dataclass(frozen=True, slots=True)
class Totp:
    """The secret of a person's code app (`totp.py`), as `signing/seal.py` keeps it. It counts once `is_confirmed`.

    `last_step` is the latest time step whose code was used.
    """

    account_id: str
    sealed: str
    created_at: int
    is_confirmed: bool = False
    last_step: int = 0
    last_used_at: int = 0


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """One of those that stand in for a lost code app, as its hash; used up, it is gone."""

    code_hash: bytes
    account_id: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an account is elsewhere: issuer and subject, which never change hands, under their hash (`identity_hash`).

    `provider` is the operator's name for it; `label` is what a person recognises it by, an address or a name.
    """

    identity_hash: bytes
    account_id: str
    provider: str
    issuer: str
    subject: str
    label: str
    created_at: int
    last_used_at: int = 0


Removed = Literal["removed", "missing", "last"]


class Factors(Protocol):
    """The part of the store that keeps them. `removed` answers "last" where nothing would be left to sign in with."""

    async def add_attempt(self, attempt: Attempt) -> None:
        """One of the same hash is replaced."""
        ...

    async def find_attempt(self, attempt_hash: bytes) -> Attempt | None: ...

    async def take_attempt(self, attempt_hash: bytes) -> Attempt | None:
        """Take it away: of many callers one gets it."""
        ...

    async def add_passkey(self, passkey: Passkey, *, events: Sequence[Event] = ()) -> None:
        """Raises `NameTaken` when the credential is known."""
        ...

    async def find_passkey(self, credential_id: str) -> Passkey | None: ...

    async def passkeys(self, account_id: str) -> Sequence[Passkey]:
        """Oldest first."""
        ...

    async def change_passkey(
        self, credential_id: str, change: Callable[[Passkey | None], Passkey], *, events: Sequence[Event] = ()
    ) -> Passkey:
        """Apply a transition."""
        ...

    async def remove_passkey(self, account_id: str, credential_id: str, *, events: Sequence[Event] = ()) -> Removed: ...

    async def find_totp(self, account_id: str) -> Totp | None: ...

    async def change_totp(
        self,
        account_id: str,
        change: Callable[[Totp | None], Totp],
        *,
        codes: Sequence[RecoveryCode] | None = None,
        events: Sequence[Event] = (),
    ) -> Totp:
        """Apply a transition, which may make it; `codes` replace the recovery codes."""
        ...

    async def remove_totp(self, account_id: str, *, events: Sequence[Event] = ()) -> bool:
        """The recovery codes go with it."""
        ...

    async def take_recovery_code(self, code: RecoveryCode, *, events: Sequence[Event] = ()) -> bool:
        """Use it up: of many callers one gets True."""
        ...

    async def recovery_codes_left(self, account_id: str) -> int: ...

    async def add_identity(
        self, identity: Identity, *, account: Account | None = None, events: Sequence[Event] = ()
    ) -> None:
        """Link it to its account, which is added with it when given; news of `account` then. Raises `NameTaken`."""
        ...

    async def find_identity(self, identity_hash: bytes) -> Identity | None: ...

    async def identities(self, account_id: str) -> Sequence[Identity]:
        """Oldest first."""
        ...

    async def use_identity(self, identity_hash: bytes, now: int) -> None:
        """Note that it was used now."""
        ...

    async def remove_identity(
        self, account_id: str, identity_hash: bytes, *, events: Sequence[Event] = ()
    ) -> Removed: ...
