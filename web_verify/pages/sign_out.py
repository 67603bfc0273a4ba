"""Leave this page's session, to go or to come back as somebody else with the same code or for the same app."""

from starlette.responses import Response

from web_verify import session
from web_verify.visit import Visit


async def post(visit: Visit) -> Response:
    """End the session, forget its cookie, keep what it was for."""
    code = visit.form.typed("code")
    if code:
        await visit.desk.let_go(visit.visitor, code)
    await visit.desk.sign_out(visit.visitor)
    visit.become(session.draw(), stays=False)
    return visit.go("/sign-in", code=code, request=visit.form.typed("request"))
