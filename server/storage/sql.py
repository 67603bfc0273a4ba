"""The promises of `server/oauth/store.py` on a SQL database. Each line hands a job to the one who writes, or asks."""

from collections.abc import Callable, Sequence
from functools import partial

from server.oauth.account import Account, Session
from server.oauth.authorization import AuthorizationRequest
from server.oauth.client import Client
from server.oauth.delivery import Delivery
from server.oauth.device import DeviceAuthorization
from server.oauth.event import Event, Recorded, Sought
from server.oauth.guess import Budget
from server.oauth.store import AUDIT_FOR, ChangeRequest, CodeTaken, NameTaken, News, SigningKey, StorageError
from server.oauth.token import Family, RefreshToken, Rotation

from . import audit, authorizations, devices, families, guesses, once, people, sql_readings
from .database import Database
from .faults import Duplicate
from .group import Group
from .kept import ACCOUNTS, CLIENTS, DEVICES, FAMILIES, REQUESTS, SESSIONS
from .readings import Reading
from .registrations import SqlRegistrations
from .sql_backchannels import SqlBackchannels
from .sql_factors import SqlFactors
from .sql_letters import SqlLetters
from .sweep import sweep


class SqlStore(SqlLetters, SqlFactors, SqlRegistrations, SqlBackchannels):
    """The cellar on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: Group | None = None
        self.readings = SqlReadings(self)

    @property
    def group(self) -> Group:
        if self._open is None:
            raise StorageError("the storage is not open")
        return self._open

    async def open(self, hear: Callable[[News], None]) -> None:
        group = Group(self._database, hear)
        await group.open()
        self._open = group

    async def close(self) -> None:
        group, self._open = self._open, None
        if group is not None:
            await group.close()

    async def add_device(self, authorization: DeviceAuthorization) -> None:
        try:
            await self.group.add(DEVICES.add_together, authorization)
        except Duplicate:
            raise CodeTaken from None

    async def find_device(self, code_hash: bytes) -> DeviceAuthorization | None:
        return await self.group.ask(lambda connection: DEVICES.find(connection, code_hash))

    async def find_device_by_user_code(self, user_code_hash: bytes) -> DeviceAuthorization | None:
        return await self.group.ask(lambda connection: devices.find_by_user_code(connection, user_code_hash))

    async def change_device(
        self, code_hash: bytes, change: devices.Change, *, events: Sequence[Event] = ()
    ) -> DeviceAuthorization:
        return await self.group.do(lambda transaction: devices.change(transaction, code_hash, change, events))

    async def redeem_device(
        self,
        code_hash: bytes,
        change: devices.Change,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
        owed: Sequence[Delivery] = (),
    ) -> DeviceAuthorization:
        job = partial(devices.redeem, family=family, token=refresh_token, events=events, owed=owed)
        return await self.group.do(lambda transaction: job(transaction, code_hash, change))

    async def unexpired_devices(self, now: int) -> Sequence[DeviceAuthorization]:
        return await self.group.ask(lambda connection: devices.unexpired(connection, now))

    async def add_request(self, request: AuthorizationRequest) -> None:
        await self.group.add(REQUESTS.add_together, request)

    async def find_request(self, request_hash: bytes) -> AuthorizationRequest | None:
        return await self.group.ask(lambda connection: REQUESTS.find(connection, request_hash))

    async def find_request_by_code(self, code_hash: bytes) -> AuthorizationRequest | None:
        return await self.group.ask(lambda connection: authorizations.find_by_code(connection, code_hash))

    async def change_request(
        self, request_hash: bytes, change: ChangeRequest, *, events: Sequence[Event] = ()
    ) -> AuthorizationRequest:
        return await self.group.do(lambda transaction: authorizations.change(transaction, request_hash, change, events))

    async def redeem_request(
        self,
        request_hash: bytes,
        change: ChangeRequest,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
    ) -> AuthorizationRequest:
        job = partial(authorizations.redeem, family=family, token=refresh_token, events=events)
        return await self.group.do(lambda transaction: job(transaction, request_hash, change))

    async def find_family(self, family_id: str) -> Family | None:
        return await self.group.ask(lambda connection: FAMILIES.find(connection, family_id))

    async def families(self, account_id: str | None = None) -> Sequence[Family]:
        return await self.group.ask(lambda connection: families.of_account(connection, account_id))

    async def ended_families(self, since: int) -> Sequence[str]:
        return await self.group.ask(lambda connection: families.ended(connection, since))

    async def end_family(self, family_id: str, now: int, *, event: Event | None = None) -> Family | None:
        return await self.group.do(lambda transaction: families.end_one(transaction, family_id, now, event))

    async def find_refresh_token(self, token_hash: bytes) -> tuple[RefreshToken, Family] | None:
        return await self.group.ask(lambda connection: families.find_token(connection, token_hash))

    async def rotate(self, token_hash: bytes, change: Callable[[RefreshToken, Family], Rotation]) -> Rotation | None:
        return await self.group.do(lambda transaction: families.rotate(transaction, token_hash, change))

    async def add_client(self, client: Client, *, events: Sequence[Event] = ()) -> None:
        await self._name(partial(people.add_client, client=client, events=events))

    async def change_client(self, client: Client, *, events: Sequence[Event] = ()) -> None:
        await self.group.do(lambda transaction: people.change_client(transaction, client, events))

    async def find_client(self, client_id: str) -> Client | None:
        return await self.group.ask(lambda connection: CLIENTS.find(connection, client_id))

    async def clients(self) -> Sequence[Client]:
        return await self.group.ask(people.clients)

    async def add_account(self, account: Account, *, events: Sequence[Event] = ()) -> None:
        await self._name(partial(people.add_account, account=account, events=events))

    async def change_account(
        self, account: Account, *, was: Account | None = None, events: Sequence[Event] = ()
    ) -> None:
        await self._name(partial(people.change_account, account=account, was=was, events=events))

    async def _name(self, job: "partial[None]") -> None:
        try:
            await self.group.do(job)
        except Duplicate:
            raise NameTaken from None

    async def find_account(self, account_id: str) -> Account | None:
        return await self.group.ask(lambda connection: ACCOUNTS.find(connection, account_id))

    async def find_account_by_username(self, username: str) -> Account | None:
        return await self.group.ask(lambda connection: people.find_account_by_username(connection, username))

    async def add_session(self, session: Session, *, events: Sequence[Event] = ()) -> None:
        await self.group.do(lambda transaction: people.add_session(transaction, session, events))

    async def find_session(self, session_hash: bytes) -> Session | None:
        return await self.group.ask(lambda connection: SESSIONS.find(connection, session_hash))

    async def end_session(self, session_hash: bytes, *, events: Sequence[Event] = ()) -> None:
        await self.group.do(lambda transaction: people.end_session(transaction, session_hash, events))

    async def take_tries(self, budgets: Sequence[Budget], now: int) -> int:
        return await self.group.do(lambda transaction: guesses.take(transaction, budgets, now))

    async def give_back_tries(self, budgets: Sequence[Budget]) -> None:
        await self.group.do(lambda transaction: guesses.give_back(transaction, budgets))

    async def take_once(self, key_hash: bytes, expires_at: int) -> bool:
        return await self.group.do(lambda transaction: once.take(transaction, key_hash, expires_at))

    async def keys(self) -> Sequence[SigningKey]:
        return await self.group.ask(people.keys)

    async def add_key(self, key: SigningKey, *, events: Sequence[Event] = ()) -> None:
        await self.group.do(lambda transaction: people.add_key(transaction, key, events))

    async def change_key(self, key: SigningKey, *, events: Sequence[Event] = ()) -> None:
        await self.group.do(lambda transaction: people.change_key(transaction, key, events))

    async def record(self, events: Sequence[Event]) -> None:
        await self.group.do(lambda transaction: transaction.events.extend(events))

    async def last_event(self) -> int:
        return await self.group.ask(lambda connection: audit.last(connection, self._database.wait_for_events))

    async def events(self, sought: Sought, limit: int) -> Sequence[Recorded]:
        return await self.group.ask(lambda connection: audit.newest(connection, sought, limit))

    async def events_after(self, number: int, limit: int) -> Sequence[Recorded]:
        wait = self._database.wait_for_events
        return await self.group.ask(lambda connection: audit.after(connection, number, limit, wait))

    async def sweep(self, now: int, *, audit_for: int = AUDIT_FOR) -> int:
        return await self.group.do(lambda transaction: sweep(transaction, now, audit_for))


class SqlReadings:
    """`Readings` in the same database."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def add(self, reading: Reading) -> None:
        await self._store.group.do(lambda transaction: sql_readings.add(transaction, reading))

    async def list(
        self,
        account_id: str,
        device_id: str | None = None,
        stream: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> Sequence[Reading]:
        query = partial(sql_readings.newest, account_id, device_id, stream, limit, before)
        return await self._store.group.ask(query)

    async def delete(self, account_id: str, device_id: str | None = None, stream: str | None = None) -> int:
        return await self._store.group.do(lambda tx: sql_readings.drop(tx, account_id, device_id, stream))
