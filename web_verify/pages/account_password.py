"""Change the password: whoever knows the one of now chooses the next."""

from starlette.responses import Response

from web_verify import faults
from web_verify.desk import Problem, SignedIn
from web_verify.pages import told
from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """The form."""
    person = await visit.person()
    if person is None:
        return visit.go("/sign-in")
    return visit.show("password", username=person.username, errors=(), wait="")


async def post(visit: Visit) -> Response:
    """Change it; the other browsers are signed out, this one goes on under a new secret."""
    person = await visit.person()
    if person is None:
        return visit.go("/sign-in")
    changed = await visit.desk.change_password(
        visit.visitor,
        visit.form.one("current"),
        visit.form.one("password"),
        with_devices=visit.form.one("devices") == "yes",
    )
    if isinstance(changed, SignedIn):
        visit.become(changed.session, stays=True)
        way = (visit.house.paper.url("/account"), "frame.account")
        return told.show(visit, 200, "changed.h1", "changed.here", way=way)
    if isinstance(changed, Problem) and changed.why != "too_many":
        return visit.go("/sign-in")
    return faults.show(visit, "password", changed, username=person.username)
