"""The desk's part for the devices of a person: the list, what they are called, and signing them out, with the proof."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from server.desk.sessions import Sessions
from server.house import House
from server.oauth.claim import claim_of
from server.oauth.token import Family
from server.settings import SECOND
from web_verify.claims import harmless
from web_verify.desk import Device, Visitor

MOST_DEVICES: Final = 200  # on one page; the operator's list has them all
LONGEST_NAME: Final = 40
PROOFS_KEPT: Final = 2_000


class DeviceDesk(Sessions):
    """`web_verify.desk.DeviceDesk`."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._closed: OrderedDict[str, int] = OrderedDict()  # family -> when its MQTT session was seen to be closed

    async def devices(self, visitor: Visitor) -> Sequence[Device]:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return ()
        families = await self._house.store.families(signed_in[1].account_id)
        return [await self._shown(family) for family in families[:MOST_DEVICES]]

    async def _shown(self, family: Family) -> Device:
        house = self._house
        client = await house.clients.find(family.client_id)
        until = min(family.expires_at, family.last_seen_at + house.settings.refresh_idle_for * SECOND)
        is_over = family.ended_at is None and house.now() >= until
        return Device(
            device_id=family.device_id,
            app_name=client.name if client else family.client_id,
            claimed_name=claim_of(family.claimed_name, house.settings.reserved_names).name,
            signed_in_at=family.created_at,
            last_seen_at=family.last_seen_at,
            address=family.address,
            scopes=self._sentences(family.scopes),
            signed_out_at=until if is_over else family.ended_at,
            given_name=family.given_name,
            stays_until=until,
            disconnected_at=self._closed.get(family.family_id),
        )

    async def name_device(self, visitor: Visitor, device_id: str, name: str) -> bool:
        theirs = await self._theirs(visitor, device_id)
        for family in theirs:
            await self._house.store.name_family(family.family_id, tidy_name(name))
        return bool(theirs)

    async def sign_out_device(self, visitor: Visitor, device_id: str) -> bool:
        theirs = await self._theirs(visitor, device_id)
        for family in theirs:
            told = self._told(visitor, "revoked", family.account_id, detail="on the page")
            await self._house.store.end_family(family.family_id, self._house.now(), event=told)
            await self._prove_closed(family)
        return bool(theirs)

    async def _theirs(self, visitor: Visitor, device_id: str) -> Sequence[Family]:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return ()
        families = await self._house.store.families(signed_in[1].account_id)
        return [family for family in families if family.device_id == device_id]

    async def _prove_closed(self, family: Family) -> None:
        """Note when the device was disconnected, if this server can know: another one may hold its session."""
        if await self._disconnected(family):
            self._closed.setdefault(family.family_id, self._house.now())
            while len(self._closed) > PROOFS_KEPT:
                self._closed.popitem(last=False)


def tidy_name(typed: str) -> str:
    """What a person calls a device: one line, short; "" takes the name away."""
    return harmless(" ".join(typed.split()), LONGEST_NAME) or ""
