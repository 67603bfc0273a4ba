"""Sign in on the phone; the code that led here is carried along and survives a wrong password."""

from starlette.responses import Response

from web_verify import times
from web_verify.desk import Asking, Problem, SignedIn
from web_verify.forms import ECHO_LIMIT
from web_verify.pages import problem
from web_verify.visit import Visit

# what the desk answers -> the HTTP status and the words
REFUSALS = {
    "wrong": (403, "sign_in.wrong"),
    "too_many": (429, "sign_in.too_many"),
}
OTHERWISE = (403, "sign_in.blocked")


async def get(visit: Visit) -> Response:
    """The form, under a banner that says what for. Whoever is signed in already goes straight on."""
    codes = visit.request.query_params.getlist("code")
    code = codes[0].strip()[:ECHO_LIMIT] if len(codes) == 1 else ""
    if await visit.person() is not None:
        return onwards(visit, code)
    found = await visit.desk.look_up(visit.visitor, code) if code else None
    if isinstance(found, Problem):
        # The code ended while the person was here: say it now, not after the password.
        return problem.show(visit, found, code)
    return form(visit, code, asking=found if isinstance(found, Asking) else None)


async def post(visit: Visit) -> Response:
    """Check the password; the desk's new secret replaces the cookie."""
    code, username, password = visit.form.typed("code"), visit.form.typed("username"), visit.form.one("password")
    missing = tuple(name for name, value in (("username", username), ("password", password)) if not value)
    if missing:
        return await again(visit, code, username, 400, tuple((name, f"sign_in.empty_{name}") for name in missing))
    answer = await visit.desk.sign_in(visit.visitor, username, password)
    if isinstance(answer, SignedIn):
        visit.become(answer.session, stays=True)
        return onwards(visit, code)
    status, words = REFUSALS.get(answer.why, OTHERWISE)
    response = await again(visit, code, username, status, (("username", words),), times.wait(answer.retry_for))
    if status == 429:
        response.headers["retry-after"] = problem.retry_after(answer)
    return response


async def again(
    visit: Visit, code: str, username: str, status: int, errors: tuple[tuple[str, str], ...], wait: str = ""
) -> Response:
    """The form once more, with the name and the code kept."""
    found = await visit.desk.look_up(visit.visitor, code) if code else None
    asking = found if isinstance(found, Asking) else None
    return form(visit, code, asking, username=username, status=status, errors=errors, wait=wait)


def form(
    visit: Visit,
    code: str,
    asking: Asking | None,
    *,
    username: str = "",
    status: int = 200,
    errors: tuple[tuple[str, str], ...] = (),
    wait: str = "",
) -> Response:
    """The page; `errors` pairs a field with the words for it."""
    return visit.show(
        "sign_in",
        status,
        code=code,
        asking=asking,
        username=username,
        errors=errors,
        wrong_fields=dict(errors),
        wait=wait,
    )


def onwards(visit: Visit, code: str) -> Response:
    """To the decision that waits, else to the devices. There is no other way out of here."""
    return visit.go("/D/", code) if code else visit.go("/devices")
