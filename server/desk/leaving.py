"""The desk's part for signing out because an app asked for it (OpenID Connect RP-Initiated Logout section 3)."""

from server.desk.sessions import Sessions
from server.oauth.account import Session
from server.oauth.redirect import answered, form_target
from server.oauth.secret import digest
from server.oauth.ticket import LogoutRequest, unseal
from web_verify.desk import AskedToLeave, Leaving, Visitor


class LeavingDesk(Sessions):
    """`web_verify.desk.LeavingDesk`."""

    async def look_up_leaving(self, visitor: Visitor, ticket: str) -> AskedToLeave | None:
        request = self._request(ticket)
        if request is None:
            return None
        client = await self._house.clients.find(request.client_id) if request.client_id else None
        signed_in = await self._signed_in(visitor)
        is_proven = signed_in is not None and await self._is_own(request, signed_in[0])
        return AskedToLeave(
            app_name=client.name if client is not None else "",
            form_target=form_target(request.redirect_uri) if request.redirect_uri else "",
            next="leave" if signed_in is None or is_proven else "ask",
        )

    async def leave(self, visitor: Visitor, ticket: str) -> Leaving | None:
        request = self._request(ticket)
        session = await self._house.store.find_session(digest("session", visitor.session))
        if session is not None:
            await self._leave(visitor, session)
        if request is None or not request.redirect_uri:
            return None
        uri = request.redirect_uri
        return Leaving(answered(uri, {"state": request.state}) if request.state else uri, form_target(uri))

    def _request(self, ticket: str) -> LogoutRequest | None:
        return unseal(ticket, self._house.mint.ring.nonce_secret, self._house.now())

    async def _is_own(self, request: LogoutRequest, session: Session) -> bool:
        """Whether the hint was given to the app in this very session: then the person need not be asked (section 2)."""
        if not request.family_id or request.account_id != session.account_id or not session.session_id:
            return False
        family = await self._house.store.find_family(request.family_id)
        return family is not None and family.session_id == session.session_id
