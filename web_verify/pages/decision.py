"""Is this your device? What asks, what the server saw, what the device claims, and the two answers (sections 3.3, 5.4).

Opening the page decides nothing, but it fixes what proof of presence is asked for. The page under a code is also where
the decision is read afterwards, so that reloading it never decides again.
"""

import hmac

from starlette.responses import Response

from web_verify.desk import Asking, Decided, Person, Problem
from web_verify.forms import ECHO_LIMIT, Refused
from web_verify.pages import done, problem
from web_verify.pages.enter import short
from web_verify.visit import Visit

ANSWERS = ("approve", "deny")


async def get(visit: Visit) -> Response:
    """Show what asks under this code; nothing is decided by opening it (section 3.3.1)."""
    typed = code_of(visit)
    if not typed:
        return visit.go("/device")
    person = await visit.person()
    is_opened = person is not None and not is_only_fetched(visit)
    found = await (visit.desk.open if is_opened else visit.desk.look_up)(visit.visitor, typed)
    if isinstance(found, Problem):
        return problem.answer(visit, found, typed)
    code = short(found.user_code)
    if person is None:
        return visit.go("/sign-in", code=code)
    if isinstance(found, Decided):
        return done.show(visit, found)
    return ask(visit, found, person, code)


def ask(visit: Visit, asking: Asking, person: Person, code: str) -> Response:
    """The decision; before it a page of its own where there is something to notice, and a fresh sign-in if need be."""
    said = visit.request.query_params.get("sure", "")
    is_sure = asking.sure != "" and hmac.compare_digest(said.encode(), asking.sure.encode())
    if asking.notice and not is_sure:
        return visit.show("notice_before", asking=asking, person=person, code=code)
    if asking.must_sign_in:
        return visit.go("/sign-in", code=code, again=asking.sure or "1")
    return visit.show_live("decision", asking=asking, person=person, code=code)


def is_only_fetched(visit: Visit) -> bool:
    """Whether a program looks ahead, and nobody looks at the page yet."""
    headers = visit.request.headers
    hints = [headers.get(name, "") for name in ("sec-purpose", "purpose", "x-moz")]
    return visit.request.method == "HEAD" or any("prefetch" in hint for hint in hints)


async def post(visit: Visit) -> Response:
    """Take the decision of the person who is signed in; anything but an answer of the page decides nothing."""
    typed = code_of(visit)
    if await visit.person() is None:
        return visit.go("/sign-in", code=typed)
    if visit.form.one("report") == "not_me":
        return await not_me(visit, typed)
    shown = visit.form.typed("match") or visit.form.typed("seen")
    decision = visit.form.one("decision") or ("approve" if visit.form.one("match") else "")
    if decision not in ANSWERS:
        raise Refused(400, "undecided")
    approve = decision == "approve"
    scopes = await scopes_left(visit, typed) if approve else None
    if isinstance(scopes, Problem):
        return problem.show(visit, scopes, typed)
    opens = visit.form.typed("opens")
    decided = await visit.desk.decide(
        visit.visitor,
        typed,
        approve=approve,
        scopes=scopes,
        shown=shown,
        opens=int(opens) if opens.isascii() and opens.isdecimal() and len(opens) < 10 else None,
    )
    if isinstance(decided, Problem):
        return undecided(visit, decided, typed)
    return visit.go("/D/", short(decided.user_code))


def undecided(visit: Visit, found: Problem, typed: str) -> Response:
    """Nothing was decided: the page once more, or why there is nothing to decide."""
    if found.why == "open_again":
        return visit.go("/D/", typed.replace("-", ""))
    if found.why == "unproven":
        raise Refused(400, "unproven")
    return problem.show(visit, found, typed)


async def not_me(visit: Visit, typed: str) -> Response:
    """End what came of an approval that this person did not mean, or did not give."""
    if not await visit.desk.not_me(visit.visitor, typed):
        raise Refused(404, "no_device")
    return visit.go("/D/", typed.replace("-", ""))


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
