"""Jobs and queries about device authorizations."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam

from server.oauth.delivery import Delivery
from server.oauth.device import DeviceAuthorization
from server.oauth.event import Event
from server.oauth.store import News
from server.oauth.token import Family, RefreshToken

from . import letters
from .kept import DEVICES, FAMILIES, REFRESH_TOKENS
from .writer import Refused, Transaction, decide

Change = Callable[[DeviceAuthorization | None], DeviceAuthorization]

_BY_USER_CODE: Final = DEVICES.select.where(DEVICES.table.c.user_code_hash == bindparam("sought"))
_UNEXPIRED: Final = DEVICES.select.where(DEVICES.table.c.expires_at > bindparam("now"))


def change(
    transaction: Transaction, code_hash: bytes, transition: Change, events: Sequence[Event]
) -> DeviceAuthorization:
    before = DEVICES.lock(transaction.connection, code_hash)
    after = decide(transition, before)
    if after != before:
        _keep(transaction, before, after)
        transaction.events.extend(events)
    return after


def redeem(
    transaction: Transaction,
    code_hash: bytes,
    transition: Change,
    family: Family,
    token: RefreshToken | None,
    events: Sequence[Event],
    owed: Sequence[Delivery],
) -> DeviceAuthorization:
    after = change(transaction, code_hash, transition, events)
    FAMILIES.add(transaction.connection, family)
    if token is not None:
        REFRESH_TOKENS.add(transaction.connection, token)
    letters.owe(transaction, owed)
    return after


def _keep(transaction: Transaction, before: DeviceAuthorization | None, after: DeviceAuthorization) -> None:
    if before is None or not DEVICES.replace(transaction.connection, after):
        raise Refused(LookupError("a change cannot make a device authorization, nor give it another code"))
    transaction.news.append(News("device", after.code_hash.hex(), after))


def find_by_user_code(connection: Connection, user_code_hash: bytes) -> DeviceAuthorization | None:
    return DEVICES.first(connection, _BY_USER_CODE, sought=user_code_hash)


def unexpired(connection: Connection, now: int) -> list[DeviceAuthorization]:
    return DEVICES.every(connection, _UNEXPIRED, now=now)
