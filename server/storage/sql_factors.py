"""The promises of `oauth/factor.py` on a SQL database."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from server.oauth.account import Account
from server.oauth.event import Event
from server.oauth.factor import Attempt, Identity, Passkey, RecoveryCode, Removed, Totp
from server.oauth.store import NameTaken

from . import factors
from .faults import Duplicate
from .kept import ATTEMPTS, IDENTITIES, PASSKEYS, TOTPS

if TYPE_CHECKING:
    from .group import Group


class SqlFactors:
    """A part of `sql.SqlStore`."""

    @property
    def group(self) -> "Group":
        raise NotImplementedError

    async def add_attempt(self, attempt: Attempt) -> None:
        await self.group.do(lambda transaction: factors.add_attempt(transaction, attempt))

    async def find_attempt(self, attempt_hash: bytes) -> Attempt | None:
        return await self.group.ask(lambda connection: ATTEMPTS.find(connection, attempt_hash))

    async def take_attempt(self, attempt_hash: bytes) -> Attempt | None:
        return await self.group.do(lambda transaction: factors.take_attempt(transaction, attempt_hash))

    async def add_passkey(self, passkey: Passkey, *, events: Sequence[Event] = ()) -> None:
        try:
            await self.group.do(lambda transaction: factors.add_passkey(transaction, passkey, events))
        except Duplicate:
            raise NameTaken from None

    async def find_passkey(self, credential_id: str) -> Passkey | None:
        return await self.group.ask(lambda connection: PASSKEYS.find(connection, credential_id))

    async def passkeys(self, account_id: str) -> Sequence[Passkey]:
        return await self.group.ask(lambda connection: factors.passkeys(connection, account_id))

    async def change_passkey(
        self, credential_id: str, change: Callable[[Passkey | None], Passkey], *, events: Sequence[Event] = ()
    ) -> Passkey:
        return await self.group.do(lambda tx: factors.change_passkey(tx, credential_id, change, events))

    async def remove_passkey(self, account_id: str, credential_id: str, *, events: Sequence[Event] = ()) -> Removed:
        return await self.group.do(lambda tx: factors.remove_passkey(tx, account_id, credential_id, events))

    async def find_totp(self, account_id: str) -> Totp | None:
        return await self.group.ask(lambda connection: TOTPS.find(connection, account_id))

    async def change_totp(
        self,
        account_id: str,
        change: Callable[[Totp | None], Totp],
        *,
        codes: Sequence[RecoveryCode] | None = None,
        events: Sequence[Event] = (),
    ) -> Totp:
        return await self.group.do(lambda tx: factors.change_totp(tx, account_id, change, codes, events))

    async def remove_totp(self, account_id: str, *, events: Sequence[Event] = ()) -> bool:
        return await self.group.do(lambda transaction: factors.remove_totp(transaction, account_id, events))

    async def take_recovery_code(self, code: RecoveryCode, *, events: Sequence[Event] = ()) -> bool:
        return await self.group.do(lambda transaction: factors.take_recovery_code(transaction, code, events))

    async def recovery_codes_left(self, account_id: str) -> int:
        return await self.group.ask(lambda connection: factors.recovery_codes_left(connection, account_id))

    async def add_identity(
        self, identity: Identity, *, account: Account | None = None, events: Sequence[Event] = ()
    ) -> None:
        try:
            await self.group.do(lambda transaction: factors.add_identity(transaction, identity, account, events))
        except Duplicate:
            raise NameTaken from None

    async def find_identity(self, identity_hash: bytes) -> Identity | None:
        return await self.group.ask(lambda connection: IDENTITIES.find(connection, identity_hash))

    async def identities(self, account_id: str) -> Sequence[Identity]:
        return await self.group.ask(lambda connection: factors.identities(connection, account_id))

    async def use_identity(self, identity_hash: bytes, now: int) -> None:
        await self.group.do(lambda transaction: factors.use_identity(transaction, identity_hash, now))

    async def remove_identity(self, account_id: str, identity_hash: bytes, *, events: Sequence[Event] = ()) -> Removed:
        return await self.group.do(lambda tx: factors.remove_identity(tx, account_id, identity_hash, events))
