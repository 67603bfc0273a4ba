"""My requests: apps that ask this person on their phone, who may not ask any more, and the code that they must know."""

from starlette.responses import Response

from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """The list, oldest first; opening it answers nothing."""
    return await show(visit)


async def show(visit: Visit, status: int = 200, error: str = "") -> Response:
    """The page, with what was wrong about a code that was typed."""
    person = await visit.person()
    if person is None:
        return visit.go("/sign-in", inbox="1")
    return visit.show(
        "inbox",
        status,
        person=person,
        requests=await visit.desk.requests(visit.visitor),
        stopped=await visit.desk.stopped_apps(visit.visitor),
        has_code=await visit.desk.has_request_code(visit.visitor),
        error=error,
    )


async def let_ask(visit: Visit) -> Response:
    """Let a stopped app ask again."""
    if await visit.person() is None:
        return visit.go("/sign-in", inbox="1")
    await visit.desk.let_app_ask(visit.visitor, visit.form.one("app"))
    return visit.go("/requests")


async def set_code(visit: Visit) -> Response:
    """Demand a code of every app, or none any more."""
    if await visit.person() is None:
        return visit.go("/sign-in", inbox="1")
    code = "" if visit.form.one("drop") else visit.form.typed("request_code")
    if not code and not visit.form.one("drop"):
        return await show(visit, 400, "inbox.code_wrong")
    if not await visit.desk.set_request_code(visit.visitor, code):
        return await show(visit, 400, "inbox.code_wrong")
    return visit.go("/requests")
