"""My passkeys: see them, add one, remove one. All of it for whoever signed in within the last minutes."""

from starlette.responses import Response

from web_verify import times
from web_verify.desk import Problem
from web_verify.errand import once_more
from web_verify.pages import passkey, problem
from web_verify.visit import Visit

PAGE = "passkeys"
REFUSALS = {
    "wrong": (400, "passkeys.wrong"),
    "expired": (400, "passkey.expired"),
    "blocked": (403, "passkeys.nowhere"),
    "used": (400, "passkeys.many"),
    "last": (409, "ways.last"),
    "too_many": (429, "sign_in.too_many"),
}


async def get(visit: Visit) -> Response:
    """The list."""
    return await show(visit, None)


async def ask(visit: Visit) -> Response:
    """What to ask the browser with, as JSON for the script."""
    return passkey.options(visit, await visit.desk.ask_for_new_passkey(visit.visitor))


async def post(visit: Visit) -> Response:
    """Keep what the browser made."""
    name = visit.form.typed("name")
    return await after(visit, await visit.desk.add_passkey(visit.visitor, visit.form.one("answer"), name))


async def remove(visit: Visit) -> Response:
    """Remove one."""
    return await after(visit, await visit.desk.remove_passkey(visit.visitor, visit.form.one("passkey")))


async def after(visit: Visit, wrong: Problem | None) -> Response:
    """The list once more, with what was wrong if anything was."""
    if wrong is None:
        return visit.go("/account/passkeys")
    return await show(visit, wrong)


async def show(visit: Visit, wrong: Problem | None) -> Response:
    """The page."""
    ways = await visit.desk.ways(visit.visitor)
    if isinstance(ways, Problem) or (wrong is not None and wrong.why in ("stale", "sign_in")):
        return once_more(visit, PAGE)
    status, words = (200, "") if wrong is None else REFUSALS.get(wrong.why, (400, "passkeys.wrong"))
    visit.asks_for_passkey = visit.house.look.takes_passkeys
    errors = (("passkey", words),) if words else ()
    wait = str(times.wait(wrong.retry_for)) if wrong is not None else ""
    response = visit.show("passkeys", status, passkeys=ways.passkeys, errors=errors, wait=wait)
    if wrong is not None and status == 429:
        response.headers["retry-after"] = problem.retry_after(wrong)
    return response
