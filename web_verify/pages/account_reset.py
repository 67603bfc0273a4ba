"""A forgotten password: ask for a link by mail, choose a new one where it leads. Every address gets the same answer."""

from starlette.responses import Response

from web_verify import errand, faults
from web_verify.desk import Problem
from web_verify.forms import Refused
from web_verify.pages import told
from web_verify.pages.account_join import sent, token
from web_verify.visit import Visit


async def ask(visit: Visit) -> Response:
    """The field for the address."""
    if not visit.house.look.sends_mail:
        raise Refused(404, "not_found")
    return visit.show("ask", kind="reset", errand=errand.asked(visit), email="", errors=(), wait="")


async def send(visit: Visit) -> Response:
    """Have the link sent, if there is an account; nobody learns whether there is."""
    if not visit.house.look.sends_mail:
        raise Refused(404, "not_found")
    email, came_for = visit.form.typed("email"), errand.typed(visit)
    wrong = await visit.desk.ask_to_reset(visit.visitor, email)
    if wrong is not None:
        return faults.show(visit, "ask", wrong, kind="reset", errand=came_for, email=email)
    return sent(visit, email, came_for)


async def get(visit: Visit) -> Response:
    """The form, for whoever has a link that works. Opening it uses nothing up."""
    username = await visit.desk.resetting(token(visit))
    if username is None:
        return _dead(visit)
    return visit.show("reset", link=token(visit), username=username, errors=(), wait="")


async def post(visit: Visit) -> Response:
    """Change the password. Nobody is signed in by a link: that takes the new password."""
    username = await visit.desk.resetting(token(visit))
    if username is None:
        return _dead(visit)
    with_devices = visit.form.one("devices") == "yes"
    wrong = await visit.desk.reset(visit.visitor, token(visit), visit.form.one("password"), with_devices=with_devices)
    if isinstance(wrong, Problem):
        return _dead(visit)
    if wrong is not None:
        return faults.show(visit, "reset", wrong, link=token(visit), username=username)
    came_for = errand.kept(visit)
    way = visit.address("/sign-in", **came_for.query)
    shown = told.show(visit, 200, "changed.h1", "changed.body", way=(way, "sign_in.go"))
    return errand.keep(visit, shown, errand.Errand())


def _dead(visit: Visit) -> Response:
    path = "/reset" if visit.house.look.sends_mail else "/sign-in"
    words = "reset.h1" if visit.house.look.sends_mail else "sign_in.h1_alone"
    return told.dead_link(visit, visit.house.paper.url(path), words)
