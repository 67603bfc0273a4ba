"""Sign out here too? An app sent the browser to ask (OpenID Connect RP-Initiated Logout)."""

from starlette.responses import Response

from web_verify import session
from web_verify.desk import AskedToLeave
from web_verify.forms import Refused
from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """Ask; or do it, where nobody is signed in or the app has proved that this session is its own."""
    asked = await look_up(visit)
    if asked.next == "leave":
        return await go(visit)
    return visit.show("leaving", asked=asked, person=await visit.person(), ticket=ticket_of(visit))


async def post(visit: Visit) -> Response:
    """Take the answer; anything but `leave` or `stay` changes nothing."""
    await look_up(visit)
    answer = visit.form.one("answer")
    if answer == "stay":
        return visit.go("/devices")
    if answer != "leave":
        raise Refused(400, "undecided")
    return await go(visit)


async def go(visit: Visit) -> Response:
    """End the session, forget its cookie, then back to the app or to a page that says so."""
    leaving = await visit.desk.leave(visit.visitor, ticket_of(visit))
    visit.become(session.draw(), stays=False)
    return visit.send_back(leaving) if leaving is not None else visit.show("left")


async def look_up(visit: Visit) -> AskedToLeave:
    """What the app asks; from now on the forms of this page may lead to it. Raises `Refused` when it is over."""
    asked = await visit.desk.look_up_leaving(visit.visitor, ticket_of(visit))
    if asked is None:
        raise Refused(410, "request_over")
    visit.form_target = asked.form_target
    return asked


def ticket_of(visit: Visit) -> str:
    """The ticket in the path."""
    ticket: str = visit.request.path_params["ticket"]
    return ticket
