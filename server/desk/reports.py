"""The desk's part for "this was not me": what came of that sign-in ends, and the operator hears (RFC 10027 6.1.6)."""

import logging
from typing import Final

from server.desk.visits import Visits
from server.oauth import verification
from server.oauth.delivery import owed
from server.oauth.device import DeviceAuthorization
from server.oauth.event import Event
from server.oauth.secret import digest
from server.oauth.user_code import normalise
from web_verify.desk import Visitor

log: Final = logging.getLogger("porchlight")
WORTH_TELLING_FOR: Final = 86_400_000


class ReportDesk(Visits):
    """Parts of `web_verify.desk.CodeDesk` and `web_verify.desk.DeviceDesk`."""

    async def not_me(self, visitor: Visitor, typed: str) -> bool:
        signed_in, code = await self._signed_in(visitor), normalise(typed)
        if signed_in is None or code is None:
            return False
        account_id, now = signed_in[1].account_id, self._house.now()
        found = await self._house.sign_ins.find_by_user_code(digest("user_code", code))
        if found is None:
            return False
        told = self._told(visitor, "reported", account_id, found.client_id, "on the page of the code")

        def change(was: DeviceAuthorization | None) -> DeviceAuthorization:
            return verification.report(was or found, account_id=account_id, now=now)

        try:
            reported = await self._house.sign_ins.change(found.code_hash, change)
        except verification.NotPending:
            return False
        await self._end(reported.family_id, told)
        return True

    async def not_my_device(self, visitor: Visitor, device_id: str) -> bool:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return False
        account_id = signed_in[1].account_id
        theirs = [each for each in await self._house.store.families(account_id) if each.device_id == device_id]
        for family in theirs:
            await self._end(family.family_id, self._told(visitor, "reported", account_id, detail="on My devices"))
        return bool(theirs)

    async def _end(self, family_id: str | None, told: Event) -> None:
        """End the sign-in, if there is one already, and raise the alarm."""
        if family_id is None:
            await self._house.store.record((told,))
        else:
            await self._house.store.end_family(family_id, self._house.now(), event=told)
            if self._house.settings.notice_webhook:
                notice = owed("reported_webhook", family_id, self._house.now(), lasts_for=WORTH_TELLING_FOR)
                await self._house.store.owe([notice])
        log.warning("reported as abused: %s (client %s)", family_id or "a sign-in before its tokens", told.client_id)
