"""Leave this page's session, to go or to come back as somebody else with the same code or for the same app."""

from starlette.responses import Response

from web_verify import session
from web_verify.visit import Visit


async def post(visit: Visit) -> Response:
    """End the session, forget its cookie, keep what it was for."""
    await visit.desk.sign_out(visit.visitor)
    visit.become(session.draw(), stays=False)
    return visit.go("/sign-in", code=visit.form.typed("code"), request=visit.form.typed("request"))
