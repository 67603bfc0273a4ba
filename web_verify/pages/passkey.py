"""Sign in with a passkey: what the page's script asks for, and the form that it sends."""

from starlette.responses import JSONResponse, Response

from web_verify.desk import Problem, SignedIn
from web_verify.errand import once_more, onwards, typed
from web_verify.forms import Refused
from web_verify.pages import problem, sign_in
from web_verify.visit import Visit


async def ask(visit: Visit) -> Response:
    """What to ask the browser with, as JSON for the script."""
    return options(visit, await visit.desk.ask_for_passkey(visit.visitor))


async def post(visit: Visit) -> Response:
    """Check what the browser answered; the desk's new secret replaces the cookie."""
    if not visit.house.look.takes_passkeys:
        raise Refused(404, "not_found")
    errand = typed(visit)
    if errand.code:
        await visit.desk.let_go(visit.visitor, errand.code)
    answer = await visit.desk.sign_in_by_passkey(visit.visitor, visit.form.one("answer"))
    if isinstance(answer, SignedIn):
        visit.become(answer.session, stays=True)
        return onwards(visit, errand)
    return await sign_in.refuse(visit, errand, answer, sign_in.PASSKEY_REFUSALS)


def options(visit: Visit, asked: object) -> Response:
    """The options; or, for whoever must sign in once more first, where to go."""
    if not isinstance(asked, Problem):
        return JSONResponse(asked)
    if asked.why in ("stale", "sign_in"):
        return JSONResponse({"go": once_more(visit, "passkeys").headers["location"]}, 403)
    response = JSONResponse({"error": asked.why}, 429 if asked.why == "too_many" else 403)
    if asked.why == "too_many":
        response.headers["retry-after"] = problem.retry_after(asked)
    return response
