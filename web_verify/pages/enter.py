"""Type the code that the device shows (RFC 8628 section 3.3, forgiving as in section 6.1)."""

from starlette.responses import Response

from web_verify.desk import Problem
from web_verify.forms import ECHO_LIMIT
from web_verify.pages import problem
from web_verify.visit import Visit


async def home(visit: Visit) -> Response:
    """`/` and `/activate` lead to the one page with the field."""
    return visit.go("/device")


async def get(visit: Visit) -> Response:
    """The field; or, where the address carries a code already, that code's page."""
    typed = visit.request.query_params.getlist("user_code")
    if len(typed) == 1 and typed[0].strip():
        return await find(visit, typed[0].strip()[:ECHO_LIMIT])
    return visit.show("enter", typed="", error=None)


async def post(visit: Visit) -> Response:
    """Find what was typed."""
    typed = visit.form.typed("user_code")
    if not typed:
        return visit.show("enter", 400, typed="", error="enter.empty")
    return await find(visit, typed)


async def find(visit: Visit, typed: str) -> Response:
    """Go to the code's own page, or say why there is none. The desk alone knows how to read what was typed."""
    found = await visit.desk.look_up(visit.visitor, typed)
    if isinstance(found, Problem):
        return problem.answer(visit, found, typed)
    return visit.go("/D/", short(found.user_code))


def short(user_code: str) -> str:
    """The code as the path and the QR carry it: no dashes."""
    return user_code.replace("-", "")
