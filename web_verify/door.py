"""The door of every page: method, origin, limits and form token are checked here, and no answer leaves bare."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from web_verify import session
from web_verify.forms import Refused, read_form
from web_verify.headers import NOT_KEPT, SECURITY, content_security_policy, posting_policy
from web_verify.origin import comes_from_elsewhere
from web_verify.pages import notice
from web_verify.tongue import VARY, switch_of
from web_verify.visit import House, Visit
from web_verify.words import spoken

Answer = Callable[[Visit], Awaitable[Response]]
log = logging.getLogger("web_verify")


class Door:
    """An ASGI application for one path: `answers` maps GET and POST to a page; HEAD is GET without the text.

    A door with no answers leads nowhere: whatever the method, it gives the answer `otherwise`.
    """

    def __init__(self, house: House, answers: Mapping[str, Answer], otherwise: Answer | None = None) -> None:
        """Hang one page behind the door."""
        self._house = house
        self.answers = answers
        self._otherwise = otherwise or nowhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever it is."""
        visit = Visit.begin(self._house, Request(scope, receive))
        visit.switch = switch_of(visit.request, self._house.look, can_get="GET" in self.answers)
        try:
            response = await self._answer(visit)
        except Refused as refused:
            response = self._refuse(visit, refused)
        except ClientDisconnect:
            return
        except Exception:
            # A person never sees a traceback; the log has it under the id that the page shows.
            log.exception("no page for request %s", scope.get("porchlight.request_id", ""))
            response = notice.show(visit, Refused(500, "broken"))
        response.headers.update(dict((*SECURITY, NOT_KEPT, VARY)))
        if response.media_type == "text/html":
            response.headers["content-language"] = spoken().tag
        response.headers["content-security-policy"] = (
            posting_policy(visit.form_target)
            if visit.posts_back
            else content_security_policy(
                visit.form_target, is_live=visit.is_live, asks_for_passkey=visit.asks_for_passkey
            )
        )
        if scope["method"] == "HEAD":
            response.body = b""  # the length stays that of the page
        await visit.leave(response)(scope, receive, send)

    async def _answer(self, visit: Visit) -> Response:
        """Check what every page would check, then ask the page."""
        if not self.answers:
            return await self._otherwise(visit)
        method = visit.request.method
        answer = self.answers.get("GET" if method == "HEAD" else method)
        if answer is None:
            raise Refused(405, "not_allowed")
        if method == "POST":
            await check(visit)
        return await answer(visit)

    def _refuse(self, visit: Visit, refused: Refused) -> Response:
        """The notice that says what to do instead."""
        response = notice.show(visit, refused)
        if refused.status == 405:
            allowed = ["HEAD"] * ("GET" in self.answers) + list(self.answers)
            response.headers["allow"] = ", ".join(sorted(allowed))
        return response


async def nowhere(visit: Visit) -> Response:
    """There is nothing here."""
    raise Refused(404, "not_found")


async def check(visit: Visit) -> None:
    """Refuse a form that another site sent, that is too much to read, or that this visitor was never shown."""
    if comes_from_elsewhere(visit.request.headers):
        raise Refused(403, "not_ours")
    visit.form = await read_form(visit.request)
    if not session.is_form_token(visit.visitor.session, visit.form.one("form_token")):
        raise Refused(403, "not_ours")
