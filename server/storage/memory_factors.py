"""Passkeys, one-time codes, identities elsewhere and proofs on their way, in the memory of one process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from server.oauth.account import Account
from server.oauth.event import Event
from server.oauth.factor import Attempt, Identity, Passkey, RecoveryCode, Removed, Totp
from server.oauth.store import NameTaken

from .memory_people import MemoryPeople, found


class MemoryFactors(MemoryPeople):
    """A part of `memory.MemoryStore`."""

    def __init__(self) -> None:
        super().__init__()
        self._attempts: dict[bytes, Attempt] = {}
        self._passkeys: dict[str, Passkey] = {}
        self._totps: dict[str, Totp] = {}
        self._recovery_codes: dict[bytes, RecoveryCode] = {}
        self._identities: dict[bytes, Identity] = {}

    async def add_attempt(self, attempt: Attempt) -> None:
        self._attempts[attempt.attempt_hash] = attempt

    async def find_attempt(self, attempt_hash: bytes) -> Attempt | None:
        return self._attempts.get(attempt_hash)

    async def take_attempt(self, attempt_hash: bytes) -> Attempt | None:
        return self._attempts.pop(attempt_hash, None)

    def _dead_attempts(self, now: int) -> Iterator[bytes]:
        return (key for key, each in self._attempts.items() if each.expires_at <= now)

    async def add_passkey(self, passkey: Passkey, *, events: Sequence[Event] = ()) -> None:
        if passkey.credential_id in self._passkeys:
            raise NameTaken
        self._passkeys[passkey.credential_id] = passkey
        self._write(events)

    async def find_passkey(self, credential_id: str) -> Passkey | None:
        return self._passkeys.get(credential_id)

    async def passkeys(self, account_id: str) -> Sequence[Passkey]:
        theirs = [each for each in self._passkeys.values() if each.account_id == account_id]
        return sorted(theirs, key=lambda each: (each.created_at, each.credential_id))

    async def change_passkey(
        self, credential_id: str, change: Callable[[Passkey | None], Passkey], *, events: Sequence[Event] = ()
    ) -> Passkey:
        after = change(self._passkeys.get(credential_id))
        found(self._passkeys, after.credential_id)
        self._passkeys[after.credential_id] = after
        self._write(events)
        return after

    async def remove_passkey(self, account_id: str, credential_id: str, *, events: Sequence[Event] = ()) -> Removed:
        passkey = self._passkeys.get(credential_id)
        if passkey is None or passkey.account_id != account_id:
            return "missing"
        if passkey.alarmed_at is None and self._is_last(account_id):
            return "last"
        del self._passkeys[credential_id]
        self._write(events)
        return "removed"

    async def find_totp(self, account_id: str) -> Totp | None:
        return self._totps.get(account_id)

    async def change_totp(
        self,
        account_id: str,
        change: Callable[[Totp | None], Totp],
        *,
        codes: Sequence[RecoveryCode] | None = None,
        events: Sequence[Event] = (),
    ) -> Totp:
        after = self._totps[account_id] = change(self._totps.get(account_id))
        if codes is not None:
            self._drop_codes(account_id)
            self._recovery_codes |= {each.code_hash: each for each in codes}
        self._write(events)
        return after

    async def remove_totp(self, account_id: str, *, events: Sequence[Event] = ()) -> bool:
        self._drop_codes(account_id)
        was_there = self._totps.pop(account_id, None) is not None
        self._write(events if was_there else ())
        return was_there

    def _drop_codes(self, account_id: str) -> None:
        kept = {key: each for key, each in self._recovery_codes.items() if each.account_id != account_id}
        self._recovery_codes = kept

    async def take_recovery_code(self, code: RecoveryCode, *, events: Sequence[Event] = ()) -> bool:
        is_taken = self._recovery_codes.get(code.code_hash) == code
        if is_taken:
            del self._recovery_codes[code.code_hash]
            self._write(events)
        return is_taken

    async def recovery_codes_left(self, account_id: str) -> int:
        return sum(each.account_id == account_id for each in self._recovery_codes.values())

    async def add_identity(
        self, identity: Identity, *, account: Account | None = None, events: Sequence[Event] = ()
    ) -> None:
        if identity.identity_hash in self._identities:
            raise NameTaken
        if account is not None:
            await self.add_account(account)
        self._identities[identity.identity_hash] = identity
        self._write(events)

    async def find_identity(self, identity_hash: bytes) -> Identity | None:
        return self._identities.get(identity_hash)

    async def identities(self, account_id: str) -> Sequence[Identity]:
        theirs = [each for each in self._identities.values() if each.account_id == account_id]
        return sorted(theirs, key=lambda each: (each.created_at, each.identity_hash))

    async def use_identity(self, identity_hash: bytes, now: int) -> None:
        if identity_hash in self._identities:
            self._identities[identity_hash] = replace(self._identities[identity_hash], last_used_at=now)

    async def remove_identity(self, account_id: str, identity_hash: bytes, *, events: Sequence[Event] = ()) -> Removed:
        identity = self._identities.get(identity_hash)
        if identity is None or identity.account_id != account_id:
            return "missing"
        if self._is_last(account_id):
            return "last"
        del self._identities[identity_hash]
        self._write(events)
        return "removed"

    def _is_last(self, account_id: str) -> bool:
        account = self._accounts.get(account_id)
        if account is not None and account.password_hash:
            return False
        keys = sum(each.account_id == account_id and each.alarmed_at is None for each in self._passkeys.values())
        return keys + sum(each.account_id == account_id for each in self._identities.values()) <= 1
