"""My identities at other providers: see them, link one, take a link away. For whoever just signed in."""

from starlette.responses import Response

from web_verify.desk import Problem
from web_verify.errand import Errand, once_more
from web_verify.forms import Refused
from web_verify.pages import told
from web_verify.pages.provider import refuse
from web_verify.visit import Visit

PAGE = "providers"


async def get(visit: Visit) -> Response:
    """The list."""
    return await show(visit, is_last=False)


async def link(visit: Visit) -> Response:
    """Say where the person goes now: the way there is a link on a page of its own."""
    key, providers = visit.form.typed("provider"), dict(visit.house.look.providers)
    if key not in providers:
        raise Refused(404, "not_found")
    errand = Errand(account=PAGE)
    way = await visit.desk.to_provider(visit.visitor, key, errand.text, links=True, fresh=False)
    if isinstance(way, Problem):
        return once_more(visit, PAGE) if way.why in ("stale", "sign_in") else refuse(visit, way)
    if not way.startswith("http"):
        back = (visit.house.paper.url("/account/providers"), "frame.account")
        return told.show(visit, 502, "provider.h1", "provider.broken", mark="warn", way=back, provider=providers[key])
    return told.show(visit, 200, "link.h1", "link.body", mark="screen", way=(way, "link.go"), provider=providers[key])


async def unlink(visit: Visit) -> Response:
    """Take one away."""
    wrong = await visit.desk.unlink_provider(visit.visitor, visit.form.typed("link"))
    if wrong is None:
        return visit.go("/account/providers")
    return once_more(visit, PAGE) if wrong.why in ("stale", "sign_in") else await show(visit, is_last=True)


async def show(visit: Visit, *, is_last: bool) -> Response:
    """The page."""
    ways = await visit.desk.ways(visit.visitor)
    if isinstance(ways, Problem):
        return once_more(visit, PAGE)
    errors = (("link", "ways.last"),) if is_last else ()
    return visit.show("providers", 409 if is_last else 200, linked=ways.providers, errors=errors, wait="")
