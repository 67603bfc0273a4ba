"""The second step after a password: the code of the person's app, or a recovery code; the errand is carried along."""

from starlette.responses import Response

from web_verify import times
from web_verify.desk import SignedIn
from web_verify.errand import Errand, asked, onwards, typed
from web_verify.pages import problem
from web_verify.visit import Visit

REFUSALS = {"wrong": (403, "code.wrong"), "too_many": (429, "sign_in.too_many")}


async def get(visit: Visit) -> Response:
    """The field, for whoever gave the password in this browser just now."""
    errand = asked(visit)
    if await visit.desk.second_step(visit.visitor) is None:
        return visit.go("/sign-in", **errand.whole)
    return visit.show("second_step", errand=errand, errors=(), wait="")


async def post(visit: Visit) -> Response:
    """Check the code and sign in."""
    errand, code = typed(visit), visit.form.typed("otp") or visit.form.typed("recovery")
    if not code:
        return _again(visit, errand, 400, "code.empty")
    answer = await visit.desk.finish_second_step(visit.visitor, code)
    if isinstance(answer, SignedIn):
        visit.become(answer.session, stays=True)
        return onwards(visit, errand)
    if answer.why not in REFUSALS:
        return visit.go("/sign-in", **errand.whole)  # it took too long: the password comes first again
    status, words = REFUSALS[answer.why]
    response = _again(visit, errand, status, words, str(times.wait(answer.retry_for)))
    if status == 429:
        response.headers["retry-after"] = problem.retry_after(answer)
    return response


def _again(visit: Visit, errand: Errand, status: int, words: str, wait: str = "") -> Response:
    name = "recovery" if visit.form.typed("recovery") else "otp"
    return visit.show("second_step", status, errand=errand, errors=((name, words),), wait=wait)
