"""Is this your device? What asks, what the server saw, what the device claims, and the two answers (sections 3.3, 5.4).

The page under a code is also where the decision is read afterwards, so that reloading it never decides again.
"""

from starlette.responses import Response

from web_verify.desk import Decided, Problem
from web_verify.forms import ECHO_LIMIT, Refused
from web_verify.pages import done, problem
from web_verify.pages.enter import short
from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """Show what asks under this code; nothing is decided by opening it (section 3.3.1)."""
    typed = code_of(visit)
    if not typed:
        return visit.go("/device")
    found = await visit.desk.look_up(visit.visitor, typed)
    if isinstance(found, Problem):
        return problem.answer(visit, found, typed)
    person = await visit.person()
    if person is None:
        return visit.go("/sign-in", code=short(found.user_code))
    if isinstance(found, Decided):
        return done.show(visit, found)
    return visit.show("decision", asking=found, person=person, code=short(found.user_code))


async def post(visit: Visit) -> Response:
    """Take the decision of the person who is signed in; anything but `approve` or `deny` decides nothing."""
    typed = code_of(visit)
    if await visit.person() is None:
        return visit.go("/sign-in", code=typed)
    decision = visit.form.one("decision")
    if decision not in ("approve", "deny"):
        raise Refused(400, "undecided")
    approve = decision == "approve"
    scopes = await scopes_left(visit, typed) if approve else None
    if isinstance(scopes, Problem):
        return problem.show(visit, scopes, typed)
    decided = await visit.desk.decide(visit.visitor, typed, approve=approve, scopes=scopes)
    if isinstance(decided, Problem):
        return problem.show(visit, decided, typed)
    return visit.go("/D/", short(decided.user_code))


async def scopes_left(visit: Visit, typed: str) -> list[str] | Problem | None:
    """What is allowed when something was left out; None: nothing was, all that is asked for."""
    left_out = visit.form.all("leave_out")
    if not left_out:
        return None
    found = await visit.desk.look_up(visit.visitor, typed)
    if isinstance(found, Problem):
        return found  # never "all that is asked" because we could not look
    if isinstance(found, Decided):
        return None  # it stays as it was decided
    left = [text.scope for text in found.scopes if text.scope not in left_out]
    if found.scopes and not left:
        # A sign-in that may do nothing helps nobody, and "all" is not what was meant.
        raise Refused(400, "nothing_left")
    return left


def code_of(visit: Visit) -> str:
    """The code in the path, in any spelling."""
    code: str = visit.request.path_params["code"]
    return code.strip()[:ECHO_LIMIT]
