"""Connect this app? What it would be able to do, and the two answers, no before yes (RFC 6749 section 4.1)."""

from starlette.responses import Response

from web_verify.desk import AppAsking, Leaving, Problem
from web_verify.forms import Refused
from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """Show what the app asks. Where nobody is to be asked, the browser goes back to the app with the answer."""
    asking = await look_up(visit, request_of(visit))
    if asking.next == "sign_in":
        return visit.go("/sign-in", request=request_of(visit))
    if asking.next == "leave":
        return await answer(visit, None)
    return visit.show("consent", asking=asking, person=await visit.person(), request=request_of(visit))


async def post(visit: Visit) -> Response:
    """Take the decision; anything but `approve` or `deny` decides nothing."""
    decision = visit.form.one("decision")
    if decision not in ("approve", "deny"):
        raise Refused(400, "undecided")
    return await answer(visit, decision == "approve")


async def answer(visit: Visit, approve: bool | None) -> Response:
    """Send the browser back to the app; to the beginning of this page when somebody else must decide."""
    request = request_of(visit)
    scopes = None
    left_out = visit.form.all("leave_out")
    if approve and left_out:
        asking = await look_up(visit, request)
        scopes = [text.scope for text in asking.scopes if text.scope not in left_out]
        if not scopes:
            raise Refused(400, "nothing_left")
    decided = await visit.desk.decide_app(visit.visitor, request, approve=approve, scopes=scopes)
    if isinstance(decided, Leaving):
        return visit.send_back(decided)
    if decided.why != "wrong":
        raise Refused(410, "request_over")
    if visit.request.method != "POST":  # a second look would find the same again
        raise Refused(409, "request_over")
    return visit.go("/consent/", request)


async def look_up(visit: Visit, request: str) -> AppAsking:
    """What the app asks; from now on the forms of this page may lead to it. Raises `Refused` when it is over."""
    found = await visit.desk.look_up_app(visit.visitor, request)
    if isinstance(found, Problem):
        raise Refused(404 if found.why == "wrong" else 410, "request_over")
    visit.form_target = found.form_target
    return found


def request_of(visit: Visit) -> str:
    """The id of the request in the path."""
    request: str = visit.request.path_params["request_id"]
    return request
