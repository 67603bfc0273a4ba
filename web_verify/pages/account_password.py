"""Change the password: whoever knows the one of now chooses the next; whoever has none signs in once more first."""

from starlette.responses import Response

from web_verify import faults
from web_verify.desk import Problem, SignedIn
from web_verify.errand import once_more
from web_verify.pages import told
from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """The form."""
    account = await visit.desk.account(visit.visitor)
    if account is None:
        return visit.go("/sign-in")
    return visit.show("password", username=account.username, has_one=bool(account.factors), errors=(), wait="")


async def post(visit: Visit) -> Response:
    """Change it; the other browsers are signed out, this one goes on under a new secret."""
    account = await visit.desk.account(visit.visitor)
    if account is None:
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
        return once_more(visit, "password")
    return faults.show(visit, "password", changed, username=account.username, has_one=bool(account.factors))
