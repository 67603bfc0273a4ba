"""Make an account: ask for a link by mail, then choose a name and a password where the link leads.

Whoever has an account already sees the same pages; only the mail says so.
"""

from starlette.responses import Response

from web_verify import errand, faults
from web_verify.desk import Problem, SignedIn
from web_verify.forms import Refused
from web_verify.pages import told
from web_verify.visit import Visit


async def ask(visit: Visit) -> Response:
    """The field for the address."""
    if not visit.house.look.takes_sign_ups:
        raise Refused(404, "not_found")
    return visit.show("ask", kind="sign_up", errand=errand.asked(visit), email="", errors=(), wait="")


async def send(visit: Visit) -> Response:
    """Have the link sent; the same page for every address."""
    if not visit.house.look.takes_sign_ups:
        raise Refused(404, "not_found")
    email, came_for = visit.form.typed("email"), errand.typed(visit)
    wrong = await visit.desk.ask_to_join(visit.visitor, email)
    if wrong is not None:
        return faults.show(visit, "ask", wrong, kind="sign_up", errand=came_for, email=email)
    return sent(visit, email, came_for)


def sent(visit: Visit, email: str, came_for: errand.Errand) -> Response:
    """The link is under way; what the person came for waits in this browser."""
    has_errand = bool(came_for.code or came_for.request)
    bodies = ("sent.body", *(("sent.errand",) if has_errand else ()), "sent.wait")
    shown = told.show(visit, 200, "sent.h1", *bodies, mark="mail", email=email)
    return errand.keep(visit, shown, came_for)


async def get(visit: Visit) -> Response:
    """The form, for whoever has a link that works. Opening it uses nothing up."""
    email = await visit.desk.invited(token(visit))
    if email is None:
        return await _dead(visit)
    return visit.show("join", link=token(visit), email=email, username="", name="", errors=(), wait="")


async def post(visit: Visit) -> Response:
    """Make the account, sign in, and go on with what the person came for."""
    email = await visit.desk.invited(token(visit))
    if email is None:
        return await _dead(visit)
    username, name = visit.form.typed("username"), visit.form.typed("name")
    made = await visit.desk.join(
        visit.visitor, token(visit), username=username, name=name, password=visit.form.one("password")
    )
    if isinstance(made, SignedIn):
        came_for = errand.kept(visit)
        visit.become(made.session, stays=True)
        return errand.keep(visit, errand.onwards(visit, came_for), errand.Errand())
    if isinstance(made, Problem) and made.why != "too_many":
        return await _dead(visit)
    return faults.show(visit, "join", made, link=token(visit), email=email, username=username, name=name)


async def _dead(visit: Visit) -> Response:
    if visit.house.look.takes_sign_ups:
        return told.dead_link(visit, visit.house.paper.url("/sign-up"), "sign_up.h1")
    return told.dead_link(visit, visit.house.paper.url("/sign-in"), "sign_in.h1_alone")


def token(visit: Visit) -> str:
    """The secret in the address of the link."""
    found: str = visit.request.path_params["token"]
    return found[:128]
