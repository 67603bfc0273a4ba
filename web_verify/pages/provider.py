"""Sign in with another provider: the way there, and back with the answer.

Going there is a link and no form: a page's policy would have to name every provider as a place for its forms.
"""

from typing import Final

from starlette.responses import Response

from web_verify import times
from web_verify.desk import NotTold, Problem
from web_verify.errand import Errand, asked, of_text, onwards
from web_verify.forms import Refused
from web_verify.pages import problem, told
from web_verify.visit import Visit

LONGEST: Final = 4_096  # characters of one value of an answer
STATUS: Final[dict[NotTold, int]] = {"broken": 502, "expired": 410}


async def go(visit: Visit) -> Response:
    """To the provider; whoever is signed in already is to prove there once more who they are."""
    errand, key = asked(visit), key_of(visit)
    if visit.request.method == "HEAD":
        return Response(status_code=204)
    if errand.code:
        await visit.desk.let_go(visit.visitor, errand.code)
    is_fresh = await visit.person() is not None
    way = await visit.desk.to_provider(visit.visitor, key, errand.text, links=False, fresh=is_fresh)
    if isinstance(way, Problem):
        return refuse(visit, way)
    if not way.startswith("http"):
        return not_told(visit, "broken", errand)
    return Response(status_code=303, headers={"location": way})


async def back(visit: Visit) -> Response:
    """With what the provider says: signed in, linked, or why not."""
    key, query = key_of(visit), visit.request.query_params
    answer = {name: query[name][:LONGEST] for name in query if len(query.getlist(name)) == 1}
    came = await visit.desk.from_provider(visit.visitor, key, answer)
    errand = of_text(came.came_for)
    if came.signed_in is not None:
        visit.become(came.signed_in.session, stays=True)
        return onwards(visit, errand)
    if came.is_linked:
        return visit.go("/account/providers")
    return not_told(visit, came.why_not or "broken", errand)


def not_told(visit: Visit, why: NotTold, errand: Errand) -> Response:
    """The page that says why, and the way to go on."""
    name = dict(visit.house.look.providers)[key_of(visit)]
    is_link = bool(errand.account) and not errand.again
    way = (
        (visit.house.paper.url("/account/providers"), "frame.account")
        if is_link
        else (visit.address("/sign-in", **errand.whole), "sign_in.h1_alone")
    )
    heading = "provider.denied_h1" if why == "denied" else "provider.h1"
    return told.show(visit, STATUS.get(why, 403), heading, f"provider.{why}", mark="warn", way=way, provider=name)


def refuse(visit: Visit, why: Problem) -> Response:
    """Too many tries from this network, or no such provider."""
    if why.why != "too_many":
        raise Refused(404, "not_found")
    shown = told.show(visit, 429, "too_many.h1", "provider.wait", mark="warn", wait=str(times.wait(why.retry_for)))
    shown.headers["retry-after"] = problem.retry_after(why)
    return shown


def key_of(visit: Visit) -> str:
    """Which provider; there is a page only for those that the operator named."""
    key: str = visit.request.path_params["key"]
    if key not in dict(visit.house.look.providers):
        raise Refused(404, "not_found")
    return key
