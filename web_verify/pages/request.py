"""Did you start this? What an app asks of this person, in its own words, and the answers, no before yes.

The page of a request is also where its answer is read afterwards, so that reloading it never answers again.
"""

from starlette.responses import Response

from web_verify.desk import Problem, RequestAsking, RequestDecided
from web_verify.forms import Refused
from web_verify.visit import Visit

DECISIONS = ("deny", "approve", "not_me")


async def get(visit: Visit) -> Response:
    """Show what the app asks; nothing is decided by opening it."""
    person = await visit.person()
    if person is None:
        return visit.go("/sign-in", inbox="1")
    found = await look_up(visit)
    if isinstance(found, RequestDecided):
        outcome = "ok" if found.approved else "deny"
        return visit.show("request_done", decided=found, outcome=outcome, person=person)
    return visit.show("request", asking=found, person=person)


async def post(visit: Visit) -> Response:
    """Take the answer; anything but the three there are decides nothing."""
    if await visit.person() is None:
        return visit.go("/sign-in", inbox="1")
    decision = visit.form.one("decision")
    if decision not in DECISIONS:
        raise Refused(400, "undecided")
    scopes = None
    left_out = visit.form.all("leave_out")
    if decision == "approve" and left_out:
        asking = await look_up(visit)
        if isinstance(asking, RequestAsking):
            scopes = [text.scope for text in asking.scopes if text.scope not in left_out]
    decided = await visit.desk.decide_request(
        visit.visitor,
        request_of(visit),
        approve=decision == "approve",
        scopes=scopes,
        stop_app=decision == "not_me",
    )
    if isinstance(decided, Problem):
        raise gone(decided)
    return visit.go("/requests/", decided.request_id)


async def never(visit: Visit) -> Response:
    """Never let the app of this request ask again."""
    if await visit.person() is None:
        return visit.go("/sign-in", inbox="1")
    if not await visit.desk.stop_app(visit.visitor, request_of(visit)):
        raise Refused(404, "request_gone")
    return visit.go("/requests")


async def look_up(visit: Visit) -> RequestAsking | RequestDecided:
    """The request of this page. Raises `Refused` when it is over, or somebody else's."""
    found = await visit.desk.look_up_request(visit.visitor, request_of(visit))
    if isinstance(found, Problem):
        raise gone(found)
    return found


def gone(problem: Problem) -> Refused:
    """The notice that there is nothing to answer."""
    return Refused(404 if problem.why == "wrong" else 410, "request_gone")


def request_of(visit: Visit) -> str:
    """The id of the request in the path."""
    request: str = visit.request.path_params["request_id"]
    return request
