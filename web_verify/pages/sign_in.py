"""Sign in on the phone; what led here, a code or an app's request, is carried along and survives a wrong password."""

from collections.abc import Mapping

from starlette.responses import Response

from web_verify import times
from web_verify.desk import AppAsking, Asking, Problem, SecondStep, SignedIn
from web_verify.errand import Errand, asked, onwards, typed
from web_verify.pages import consent, problem
from web_verify.visit import Visit

# what the desk answers -> the HTTP status and the words
REFUSALS = {
    "wrong": (403, "sign_in.wrong"),
    "too_many": (429, "sign_in.too_many"),
}
PASSKEY_REFUSALS = {
    "wrong": (403, "passkey.wrong"),
    "expired": (403, "passkey.expired"),
    "too_many": (429, "sign_in.too_many"),
    "blocked": (403, "passkey.copied"),
}
OTHERWISE = (403, "sign_in.blocked")


async def get(visit: Visit) -> Response:
    """The form, under a banner that says what for. Whoever is signed in already goes straight on."""
    errand = asked(visit)
    asking = await consent.look_up(visit, errand.request) if errand.request else None
    if asking is not None and asking.next != "sign_in":
        return onwards(visit, errand)
    person = await visit.person()
    if asking is None and not ((errand.code or errand.account) and errand.again) and person is not None:
        return onwards(visit, errand)
    username = person.username if person is not None else ""
    if asking is not None:
        return form(visit, errand, asking, username=asking.login_hint or username)
    found = await visit.desk.look_up(visit.visitor, errand.code) if errand.code else None
    if isinstance(found, Problem) and found.why != "sign_in":
        # The code ended while the person was here: say it now, not after the password.
        return problem.show(visit, found, errand.code)
    return form(visit, errand, found if isinstance(found, Asking) else None, username=username)


async def post(visit: Visit) -> Response:
    """Check the password; the desk's new secret replaces the cookie."""
    errand = typed(visit)
    username, password = visit.form.typed("username"), visit.form.one("password")
    missing = tuple(name for name, value in (("username", username), ("password", password)) if not value)
    if errand.code:
        await visit.desk.let_go(visit.visitor, errand.code)  # whoever signs in now may be somebody else
    if missing:
        return await again(visit, errand, username, 400, tuple((name, f"sign_in.empty_{name}") for name in missing))
    answer = await visit.desk.sign_in(visit.visitor, username, password)
    if isinstance(answer, SignedIn):
        visit.become(answer.session, stays=True)
        return onwards(visit, errand)
    if isinstance(answer, SecondStep):
        return visit.go("/sign-in/code", **errand.whole)
    return await refuse(visit, errand, answer, REFUSALS, username)


async def refuse(
    visit: Visit, errand: Errand, why: Problem, refusals: Mapping[str, tuple[int, str]], username: str = ""
) -> Response:
    """The form once more, under what went wrong."""
    status, words = refusals.get(why.why, OTHERWISE)
    field = "username" if refusals is REFUSALS else "passkey"
    response = await again(visit, errand, username, status, ((field, words),), times.wait(why.retry_for))
    if status == 429:
        response.headers["retry-after"] = problem.retry_after(why)
    return response


async def again(
    visit: Visit, errand: Errand, username: str, status: int, errors: tuple[tuple[str, str], ...], wait: str = ""
) -> Response:
    """The form once more, with the name and the errand kept."""
    asking: Asking | AppAsking | None = None
    if errand.request:
        asking = await consent.look_up(visit, errand.request)
    elif errand.code:
        found = await visit.desk.look_up(visit.visitor, errand.code)
        asking = found if isinstance(found, Asking) else None
    return form(visit, errand, asking, username=username, status=status, errors=errors, wait=wait)


def form(
    visit: Visit,
    errand: Errand,
    asking: Asking | AppAsking | None,
    *,
    username: str = "",
    status: int = 200,
    errors: tuple[tuple[str, str], ...] = (),
    wait: str = "",
) -> Response:
    """The page; `errors` pairs a field with the words for it."""
    visit.asks_for_passkey = visit.house.look.takes_passkeys
    return visit.show(
        "sign_in",
        status,
        errand=errand,
        asking=asking,
        user_code=asking.user_code if isinstance(asking, Asking) else "",
        username=username,
        errors=errors,
        wrong_fields=dict(errors),
        wait=wait,
    )
