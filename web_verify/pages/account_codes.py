"""My code app: set it up with a square or by typing, turn it off, fresh recovery codes. For whoever just signed in."""

from starlette.responses import Response

from web_verify import times
from web_verify.desk import Problem
from web_verify.errand import once_more
from web_verify.pages import problem
from web_verify.square import square
from web_verify.visit import Visit

PAGE = "codes"
REFUSALS = {"wrong": (400, "code.wrong"), "too_many": (429, "sign_in.too_many"), "empty": (400, "code.empty")}


async def get(visit: Visit) -> Response:
    """The app in use; or what to tell a new one, once that was begun."""
    return await show(visit, None)


async def begin(visit: Visit) -> Response:
    """Draw a secret. It counts when a code of it was typed."""
    wrong = await visit.desk.begin_code_app(visit.visitor)
    return once_more(visit, PAGE) if _is_stale(wrong) else visit.go("/account/codes")


async def post(visit: Visit) -> Response:
    """Take the first code, and show the recovery codes this once."""
    typed = visit.form.typed("otp")
    if not typed:
        return await show(visit, ("empty", 0))
    return await shown_once(visit, await visit.desk.confirm_code_app(visit.visitor, typed))


async def renew(visit: Visit) -> Response:
    """Other recovery codes: the ones of before open nothing any more."""
    return await shown_once(visit, await visit.desk.renew_recovery_codes(visit.visitor))


async def remove(visit: Visit) -> Response:
    """From now on the password alone."""
    wrong = await visit.desk.remove_code_app(visit.visitor)
    return once_more(visit, PAGE) if _is_stale(wrong) else visit.go("/account/codes")


async def shown_once(visit: Visit, codes: tuple[str, ...] | Problem) -> Response:
    """The recovery codes; or the page before, with what was wrong."""
    if not isinstance(codes, Problem):
        return visit.show("recovery", codes=codes)
    if codes.why in REFUSALS:
        return await show(visit, (codes.why, codes.retry_for))
    return once_more(visit, PAGE) if _is_stale(codes) else visit.go("/account/codes")


async def show(visit: Visit, wrong: tuple[str, int] | None) -> Response:
    """The page; `wrong` is why, and how long to wait."""
    ways, new = await visit.desk.ways(visit.visitor), await visit.desk.new_code_app(visit.visitor)
    if isinstance(ways, Problem) or isinstance(new, Problem):
        return once_more(visit, PAGE)
    status, words = REFUSALS[wrong[0]] if wrong else (200, "")
    response = visit.show(
        "codes",
        status,
        app=ways.code_app,
        new=new,
        drawn=square(new.uri) if new is not None else "",
        errors=(("otp", words),) if words else (),
        wait=str(times.wait(wrong[1])) if wrong else "",
    )
    if wrong and status == 429:
        response.headers["retry-after"] = problem.retry_after(Problem("too_many", wrong[1]))
    return response


def _is_stale(wrong: Problem | None) -> bool:
    return wrong is not None and wrong.why in ("stale", "sign_in")
