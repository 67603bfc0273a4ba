"""Jobs and queries about passkeys, one-time codes, identities elsewhere, and proofs that take several steps."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Delete, bindparam, delete, func, select, update

from server.oauth.account import Account
from server.oauth.event import Event
from server.oauth.factor import Attempt, Identity, Passkey, RecoveryCode, Removed, Totp

from .kept import ACCOUNTS, ATTEMPTS, IDENTITIES, PASSKEYS, RECOVERY_CODES, TOTPS
from .people import add_account
from .writer import Refused, Transaction, decide

_A: Final = ATTEMPTS.table.c
_P: Final = PASSKEYS.table.c
_I: Final = IDENTITIES.table.c
_R: Final = RECOVERY_CODES.table.c
_SOUGHT: Final[Any] = bindparam("sought")
_OWNER: Final[Any] = bindparam("owner")
_TAKE: Final = ATTEMPTS.select.where(_A.attempt_hash == _SOUGHT).with_for_update()
_DROP_ATTEMPT: Final = delete(ATTEMPTS.table).where(_A.attempt_hash == _SOUGHT)
_PASSKEYS_OF: Final = PASSKEYS.select.where(_P.account_id == _SOUGHT).order_by(_P.created_at, _P.credential_id)
_DROP_PASSKEY: Final = delete(PASSKEYS.table).where(_P.credential_id == _SOUGHT, _P.account_id == _OWNER)
_IDENTITIES_OF: Final = IDENTITIES.select.where(_I.account_id == _SOUGHT).order_by(_I.created_at, _I.identity_hash)
_DROP_IDENTITY: Final = delete(IDENTITIES.table).where(_I.identity_hash == _SOUGHT, _I.account_id == _OWNER)
_USE_IDENTITY: Final = update(IDENTITIES.table).where(_I.identity_hash == _SOUGHT)
_DROP_TOTP: Final = delete(TOTPS.table).where(TOTPS.table.c.account_id == _SOUGHT)
_DROP_CODES: Final = delete(RECOVERY_CODES.table).where(_R.account_id == _SOUGHT)
_USE_CODE: Final = delete(RECOVERY_CODES.table).where(_R.code_hash == _SOUGHT, _R.account_id == _OWNER)
_LEFT: Final = select(func.count()).select_from(RECOVERY_CODES.table).where(_R.account_id == _SOUGHT)


def add_attempt(transaction: Transaction, attempt: Attempt) -> None:
    transaction.connection.execute(_DROP_ATTEMPT, {"sought": attempt.attempt_hash})
    ATTEMPTS.add(transaction.connection, attempt)


def take_attempt(transaction: Transaction, attempt_hash: bytes) -> Attempt | None:
    attempt = ATTEMPTS.first(transaction.connection, _TAKE, sought=attempt_hash)
    transaction.connection.execute(_DROP_ATTEMPT, {"sought": attempt_hash})
    return attempt


def add_passkey(transaction: Transaction, passkey: Passkey, events: Sequence[Event]) -> None:
    PASSKEYS.add(transaction.connection, passkey)
    transaction.events.extend(events)


def passkeys(connection: Connection, account_id: str) -> list[Passkey]:
    return PASSKEYS.every(connection, _PASSKEYS_OF, sought=account_id)


def change_passkey(
    transaction: Transaction,
    credential_id: str,
    change: Callable[[Passkey | None], Passkey],
    events: Sequence[Event],
) -> Passkey:
    after = decide(change, PASSKEYS.lock(transaction.connection, credential_id))
    if not PASSKEYS.replace(transaction.connection, after):
        raise Refused(LookupError("a change cannot make a passkey"))
    transaction.events.extend(events)
    return after


def remove_passkey(transaction: Transaction, account_id: str, credential_id: str, events: Sequence[Event]) -> Removed:
    found = PASSKEYS.find(transaction.connection, credential_id)
    if found is None or found.account_id != account_id:
        return "missing"
    if found.alarmed_at is None and _is_last(transaction, account_id):
        return "last"
    return _dropped(transaction, _DROP_PASSKEY, account_id, credential_id, events)


def change_totp(
    transaction: Transaction,
    account_id: str,
    change: Callable[[Totp | None], Totp],
    codes: Sequence[RecoveryCode] | None,
    events: Sequence[Event],
) -> Totp:
    connection = transaction.connection
    ACCOUNTS.lock(connection, account_id)  # there may be no row of its own to take turns at
    before = TOTPS.lock(connection, account_id)
    after = decide(change, before)
    if before is None:
        TOTPS.add(connection, after)
    else:
        TOTPS.replace(connection, after)
    if codes is not None:
        connection.execute(_DROP_CODES, {"sought": account_id})
        RECOVERY_CODES.add_together(connection, codes)
    transaction.events.extend(events)
    return after


def remove_totp(transaction: Transaction, account_id: str, events: Sequence[Event]) -> bool:
    connection = transaction.connection
    ACCOUNTS.lock(connection, account_id)
    connection.execute(_DROP_CODES, {"sought": account_id})
    was_there = connection.execute(_DROP_TOTP, {"sought": account_id}).rowcount == 1
    transaction.events.extend(events if was_there else ())
    return was_there


def take_recovery_code(transaction: Transaction, code: RecoveryCode, events: Sequence[Event]) -> bool:
    key = {"sought": code.code_hash, "owner": code.account_id}
    is_taken = transaction.connection.execute(_USE_CODE, key).rowcount == 1
    transaction.events.extend(events if is_taken else ())
    return is_taken


def recovery_codes_left(connection: Connection, account_id: str) -> int:
    return int(connection.execute(_LEFT, {"sought": account_id}).scalar_one())


def add_identity(
    transaction: Transaction, identity: Identity, account: Account | None, events: Sequence[Event]
) -> None:
    if account is not None:
        add_account(transaction, account, ())
    IDENTITIES.add(transaction.connection, identity)
    transaction.events.extend(events)


def identities(connection: Connection, account_id: str) -> list[Identity]:
    return IDENTITIES.every(connection, _IDENTITIES_OF, sought=account_id)


def use_identity(transaction: Transaction, identity_hash: bytes, now: int) -> None:
    transaction.connection.execute(_USE_IDENTITY.values(last_used_at=now), {"sought": identity_hash})


def remove_identity(
    transaction: Transaction, account_id: str, identity_hash: bytes, events: Sequence[Event]
) -> Removed:
    found = IDENTITIES.find(transaction.connection, identity_hash)
    if found is None or found.account_id != account_id:
        return "missing"
    if _is_last(transaction, account_id):
        return "last"
    return _dropped(transaction, _DROP_IDENTITY, account_id, identity_hash, events)


def _is_last(transaction: Transaction, account_id: str) -> bool:
    """Whether one way to sign in is all there is. Whoever removes two at once takes turns at the account."""
    account = ACCOUNTS.lock(transaction.connection, account_id)
    if account is not None and account.password_hash:
        return False
    kept = [each for each in passkeys(transaction.connection, account_id) if each.alarmed_at is None]
    return len(kept) + len(identities(transaction.connection, account_id)) <= 1


def _dropped(transaction: Transaction, drop: Delete, account_id: str, key: object, events: Sequence[Event]) -> Removed:
    if not transaction.connection.execute(drop, {"sought": key, "owner": account_id}).rowcount:
        return "missing"
    transaction.events.extend(events)
    return "removed"
