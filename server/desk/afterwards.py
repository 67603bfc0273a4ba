"""The desk's part for what a person does after the decision: take it back, or give the device a name."""

from dataclasses import replace

from server.desk.devices import tidy_name
from server.desk.sessions import Sessions
from server.oauth import verification
from server.oauth.device import DeviceAuthorization
from server.oauth.secret import digest
from server.oauth.token import told_of
from server.oauth.user_code import normalise
from web_verify.desk import Visitor


class AfterwardsDesk(Sessions):
    """Part of `web_verify.desk.CodeDesk`."""

    async def undo(self, visitor: Visitor, typed: str) -> bool:
        found = await self._approved(visitor, typed)
        if found is None:
            return False
        now, account_id = self._house.now(), found.account_id or ""
        told = self._told(visitor, "revoked", account_id, found.client_id, "taken back")
        if found.family_id and (known := await self._house.store.find_family(found.family_id)):
            told = told_of(known, told)

        def change(was: DeviceAuthorization | None) -> DeviceAuthorization:
            return verification.take_back(was or found, account_id=account_id)

        try:
            changed = await self._house.sign_ins.change(found.code_hash, change, events=(told,))
        except verification.NotPending:
            return False
        family = await self._house.store.find_family(changed.family_id) if changed.family_id else None
        if family is not None:
            await self._house.store.end_family(family.family_id, now)
            await self._disconnected(family)
        return True

    async def call(self, visitor: Visitor, typed: str, name: str) -> bool:
        found, given = await self._approved(visitor, typed), tidy_name(name)
        if found is None:
            return False

        def change(was: DeviceAuthorization | None) -> DeviceAuthorization:
            return replace(was or found, given_name=given)

        changed = await self._house.sign_ins.change(found.code_hash, change)
        if changed.family_id:
            await self._house.store.name_family(changed.family_id, given)
        return True

    async def _approved(self, visitor: Visitor, typed: str) -> DeviceAuthorization | None:
        """The sign-in that this person approved. Nothing is counted: only whoever approved it learns anything."""
        signed_in, code = await self._signed_in(visitor), normalise(typed)
        found = await self._house.sign_ins.find_by_user_code(digest("user_code", code)) if code and signed_in else None
        if found is None or signed_in is None or found.account_id != signed_in[1].account_id:
            return None
        return found if found.state in ("approved", "redeemed") else None
