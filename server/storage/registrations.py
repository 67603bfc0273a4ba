"""Jobs and queries about registration over HTTP, and about the keys of devices that are known beforehand."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from server.oauth.client import Client
from server.oauth.event import Event
from server.oauth.registered import ChangeRegistration, DeviceKey, InitialToken, Registered, Registration
from server.oauth.store import News
from server.oauth.token import end, told_of

from .group import Group
from .kept import CLIENTS, DEVICE_KEYS, FAMILIES, INITIAL_TOKENS, REGISTRATIONS
from .writer import Transaction, decide

_T: Final = INITIAL_TOKENS.table.c
_K: Final = DEVICE_KEYS.table.c
_BY_HASH: Final = INITIAL_TOKENS.select.where(_T.token_hash == bindparam("sought"))
_OLDEST_FIRST: Final = INITIAL_TOKENS.select.order_by(_T.created_at, _T.token_id)
_END_TOKEN: Final = delete(INITIAL_TOKENS.table).where(_T.token_id == bindparam("sought"))
_TAKE_USE: Final = (
    update(INITIAL_TOKENS.table)
    .where(_T.token_hash == bindparam("sought"), _T.uses_left > 0, _T.expires_at > bindparam("now"))
    .values(uses_left=_T.uses_left - 1)
)
_DELETE_CLIENT: Final = delete(CLIENTS.table).where(CLIENTS.table.c.client_id == bindparam("sought"))
_DELETE_REGISTRATION: Final = delete(REGISTRATIONS.table).where(REGISTRATIONS.table.c.client_id == bindparam("sought"))
_DELETE_KEYS: Final = delete(DEVICE_KEYS.table).where(_K.client_id == bindparam("sought"))
_LIVE: Final = FAMILIES.select.where(
    FAMILIES.table.c.client_id == bindparam("sought"), FAMILIES.table.c.ended_at.is_(None)
).with_for_update()
_KEYS: Final = DEVICE_KEYS.select.where(_K.client_id == bindparam("sought")).order_by(_K.created_at, _K.jkt)
_KNOWN: Final = select(_K.jkt).where(_K.client_id == bindparam("client"), _K.jkt == bindparam("sought"))
_FORGET: Final = delete(DEVICE_KEYS.table).where(_K.client_id == bindparam("client"), _K.jkt == bindparam("sought"))


class SqlRegistrations:
    """`Registrations` and `DeviceKeys` on a SQL database."""

    @property
    def group(self) -> Group:
        raise NotImplementedError

    async def add_initial_token(self, token: InitialToken, *, events: Sequence[Event] = ()) -> None:
        await self.group.do(lambda transaction: _add_token(transaction, token, events))

    async def find_initial_token(self, token_hash: bytes) -> InitialToken | None:
        return await self.group.ask(partial(INITIAL_TOKENS.first, statement=_BY_HASH, sought=token_hash))

    async def initial_tokens(self) -> Sequence[InitialToken]:
        return await self.group.ask(lambda connection: INITIAL_TOKENS.every(connection, _OLDEST_FIRST))

    async def end_initial_token(self, token_id: str, *, events: Sequence[Event] = ()) -> bool:
        return await self.group.do(lambda transaction: _end_token(transaction, token_id, events))

    async def register_client(
        self, token_hash: bytes, client: Client, registration: Registration, now: int, *, events: Sequence[Event] = ()
    ) -> bool:
        return await self.group.do(lambda tx: _register(tx, token_hash, client, registration, now, events))

    async def find_registration(self, client_id: str) -> Registration | None:
        return await self.group.ask(lambda connection: REGISTRATIONS.find(connection, client_id))

    async def change_registration(
        self, client_id: str, change: ChangeRegistration, *, events: Sequence[Event] = ()
    ) -> Registered | None:
        return await self.group.do(lambda transaction: _change(transaction, client_id, change, events))

    async def delete_client(
        self, client_id: str, now: int, *, events: Sequence[Event] = (), ended: Event | None = None
    ) -> Sequence[str] | None:
        return await self.group.do(lambda transaction: _delete(transaction, client_id, now, events, ended))

    async def add_device_keys(
        self, client_id: str, thumbprints: Sequence[str], now: int, *, events: Sequence[Event] = ()
    ) -> int:
        return await self.group.do(lambda transaction: _add_keys(transaction, client_id, thumbprints, now, events))

    async def remove_device_keys(
        self, client_id: str, thumbprints: Sequence[str], *, events: Sequence[Event] = ()
    ) -> int:
        return await self.group.do(lambda transaction: _remove_keys(transaction, client_id, thumbprints, events))

    async def is_known_device(self, client_id: str, jkt: str) -> bool:
        return await self.group.ask(lambda connection: _is_known(connection, client_id, jkt))

    async def device_keys(self, client_id: str) -> Sequence[DeviceKey]:
        return await self.group.ask(lambda connection: DEVICE_KEYS.every(connection, _KEYS, sought=client_id))


def _add_token(transaction: Transaction, token: InitialToken, events: Sequence[Event]) -> None:
    INITIAL_TOKENS.add(transaction.connection, token)
    transaction.events.extend(events)


def _end_token(transaction: Transaction, token_id: str, events: Sequence[Event]) -> bool:
    was_there = transaction.connection.execute(_END_TOKEN, {"sought": token_id}).rowcount == 1
    if was_there:
        transaction.events.extend(events)
    return was_there


def _register(
    transaction: Transaction,
    token_hash: bytes,
    client: Client,
    registration: Registration,
    now: int,
    events: Sequence[Event],
) -> bool:
    connection = transaction.connection
    if connection.execute(_TAKE_USE, {"sought": token_hash, "now": now}).rowcount != 1:
        return False
    CLIENTS.add(connection, client)
    REGISTRATIONS.add(connection, registration)
    transaction.news.append(News("client", client.client_id, client))
    transaction.events.extend(events)
    return True


def _change(
    transaction: Transaction, client_id: str, change: ChangeRegistration, events: Sequence[Event]
) -> Registered | None:
    connection = transaction.connection
    registration, client = REGISTRATIONS.lock(connection, client_id), CLIENTS.lock(connection, client_id)
    if registration is None or client is None:
        return None
    after = decide(change, Registered(client, registration))
    CLIENTS.replace(connection, after.client)
    REGISTRATIONS.replace(connection, after.registration)
    transaction.news.append(News("client", client_id, after.client))
    transaction.events.extend(events)
    return after


def _delete(
    transaction: Transaction, client_id: str, now: int, events: Sequence[Event], ended: Event | None
) -> Sequence[str] | None:
    connection, sought = transaction.connection, {"sought": client_id}
    connection.execute(_DELETE_REGISTRATION, sought)
    if connection.execute(_DELETE_CLIENT, sought).rowcount != 1:
        return None
    connection.execute(_DELETE_KEYS, sought)
    living = FAMILIES.every(connection, _LIVE, sought=client_id)
    for family in living:
        over = end(family, now)
        FAMILIES.replace(connection, over)
        transaction.news.append(News("family", over.family_id, over))
        transaction.events.extend([told_of(over, ended)] if ended else [])
    transaction.news.append(News("client", client_id))
    transaction.events.extend(events)
    return [family.family_id for family in living]


def _add_keys(
    transaction: Transaction, client_id: str, thumbprints: Sequence[str], now: int, events: Sequence[Event]
) -> int:
    connection = transaction.connection
    fresh = [jkt for jkt in dict.fromkeys(thumbprints) if not _is_known(connection, client_id, jkt)]
    DEVICE_KEYS.add_together(connection, [DeviceKey(client_id, jkt, now) for jkt in fresh])
    transaction.events.extend(events)
    return len(fresh)


def _remove_keys(transaction: Transaction, client_id: str, thumbprints: Sequence[str], events: Sequence[Event]) -> int:
    connection = transaction.connection
    gone = sum(connection.execute(_FORGET, {"client": client_id, "sought": jkt}).rowcount for jkt in {*thumbprints})
    transaction.events.extend(events)
    return gone


def _is_known(connection: Connection, client_id: str, jkt: str) -> bool:
    return connection.execute(_KNOWN, {"client": client_id, "sought": jkt}).first() is not None
