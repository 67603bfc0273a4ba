"""The desk's part for the devices of a person: the list, and signing them out."""

from collections.abc import Sequence
from typing import Final

from server.desk.visits import Visits
from server.oauth.claim import claim_of
from web_verify.desk import Device, Visitor

MOST_DEVICES: Final = 200  # on one page; the operator's list has them all


class DeviceDesk(Visits):
    """`web_verify.desk.DeviceDesk`."""

    async def devices(self, visitor: Visitor) -> Sequence[Device]:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return ()
        listed = []
        families = await self._house.store.families(signed_in[1].account_id)
        for family in families[:MOST_DEVICES]:
            client = await self._house.clients.find(family.client_id)
            listed.append(
                Device(
                    device_id=family.device_id,
                    app_name=client.name if client else family.client_id,
                    claimed_name=claim_of(family.claimed_name, self._house.settings.reserved_names).name,
                    signed_in_at=family.created_at,
                    last_seen_at=family.last_seen_at,
                    address=family.address,
                    scopes=self._sentences(family.scopes),
                    signed_out_at=family.ended_at,
                )
            )
        return listed

    async def sign_out_device(self, visitor: Visitor, device_id: str) -> bool:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return False
        families = await self._house.store.families(signed_in[1].account_id)
        theirs = [family for family in families if family.device_id == device_id]
        for family in theirs:
            told = self._told(visitor, "revoked", signed_in[1].account_id, detail="on the page")
            await self._house.store.end_family(family.family_id, self._house.now(), event=told)
        return bool(theirs)
