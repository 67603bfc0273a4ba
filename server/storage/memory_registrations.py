"""Registration over HTTP, and the keys of devices that are known beforehand, in the memory of one process."""

from collections.abc import Sequence
from dataclasses import replace

from server.oauth.client import Client
from server.oauth.event import Event
from server.oauth.registered import ChangeRegistration, DeviceKey, InitialToken, Registered, Registration
from server.oauth.store import News
from server.oauth.token import Family, end, told_of

from .memory_people import MemoryPeople


class MemoryRegistrations(MemoryPeople):
    """`Registrations` and `DeviceKeys` without a database."""

    def __init__(self) -> None:
        super().__init__()
        self._families: dict[str, Family] = {}
        self._initial_tokens: dict[str, InitialToken] = {}
        self._registrations: dict[str, Registration] = {}
        self._device_keys: dict[tuple[str, str], DeviceKey] = {}

    async def add_initial_token(self, token: InitialToken, *, events: Sequence[Event] = ()) -> None:
        self._initial_tokens[token.token_id] = token
        self._write(events)

    async def find_initial_token(self, token_hash: bytes) -> InitialToken | None:
        return next((each for each in self._initial_tokens.values() if each.token_hash == token_hash), None)

    async def initial_tokens(self) -> Sequence[InitialToken]:
        return sorted(self._initial_tokens.values(), key=lambda token: (token.created_at, token.token_id))

    async def end_initial_token(self, token_id: str, *, events: Sequence[Event] = ()) -> bool:
        was_there = self._initial_tokens.pop(token_id, None) is not None
        if was_there:
            self._write(events)
        return was_there

    async def register_client(
        self, token_hash: bytes, client: Client, registration: Registration, now: int, *, events: Sequence[Event] = ()
    ) -> bool:
        token = await self.find_initial_token(token_hash)
        if token is None or not token.is_good(now):
            return False
        self._initial_tokens[token.token_id] = replace(token, uses_left=token.uses_left - 1)
        self._registrations[client.client_id] = registration
        await self.add_client(client, events=events)
        return True

    async def find_registration(self, client_id: str) -> Registration | None:
        return self._registrations.get(client_id)

    async def change_registration(
        self, client_id: str, change: ChangeRegistration, *, events: Sequence[Event] = ()
    ) -> Registered | None:
        if client_id not in self._registrations:
            return None
        after = change(Registered(self._clients[client_id], self._registrations[client_id]))
        self._registrations[client_id] = after.registration
        await self.change_client(after.client, events=events)
        return after

    async def delete_client(
        self, client_id: str, now: int, *, events: Sequence[Event] = (), ended: Event | None = None
    ) -> Sequence[str] | None:
        self._registrations.pop(client_id, None)
        if self._clients.pop(client_id, None) is None:
            return None
        for key in [key for key in self._device_keys if key[0] == client_id]:
            del self._device_keys[key]
        living = [each for each in self._families.values() if each.client_id == client_id and each.ended_at is None]
        for family in living:
            over = self._families[family.family_id] = end(family, now)
            self._write([told_of(over, ended)] if ended else [])
            self._tell(News("family", over.family_id, over))
        self._write(events)
        self._tell(News("client", client_id))
        return [family.family_id for family in living]

    async def add_device_keys(
        self, client_id: str, thumbprints: Sequence[str], now: int, *, events: Sequence[Event] = ()
    ) -> int:
        fresh = {jkt for jkt in thumbprints if (client_id, jkt) not in self._device_keys}
        self._device_keys |= {(client_id, jkt): DeviceKey(client_id, jkt, now) for jkt in fresh}
        self._write(events)
        return len(fresh)

    async def remove_device_keys(
        self, client_id: str, thumbprints: Sequence[str], *, events: Sequence[Event] = ()
    ) -> int:
        gone = [self._device_keys.pop((client_id, jkt), None) for jkt in {*thumbprints}]
        self._write(events)
        return sum(each is not None for each in gone)

    async def is_known_device(self, client_id: str, jkt: str) -> bool:
        return (client_id, jkt) in self._device_keys

    async def device_keys(self, client_id: str) -> Sequence[DeviceKey]:
        found = [key for key in self._device_keys.values() if key.client_id == client_id]
        return sorted(found, key=lambda key: (key.created_at, key.jkt))
