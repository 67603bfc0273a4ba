"""Another email address: it counts once the link that was sent there is used by the person who asked."""

from starlette.responses import Response

from web_verify import faults
from web_verify.desk import Problem
from web_verify.errand import Errand, once_more
from web_verify.forms import Refused
from web_verify.pages import told
from web_verify.pages.account_join import sent, token
from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """The form."""
    if not visit.house.look.sends_mail:
        raise Refused(404, "not_found")
    person = await visit.person()
    if person is None:
        return visit.go("/sign-in")
    return visit.show("email", username=person.username, email="", errors=(), wait="")


async def post(visit: Visit) -> Response:
    """Send the link."""
    if not visit.house.look.sends_mail:
        raise Refused(404, "not_found")
    person = await visit.person()
    if person is None:
        return visit.go("/sign-in")
    email = visit.form.typed("email")
    wrong = await visit.desk.ask_for_email(visit.visitor, visit.form.one("current"), email)
    if isinstance(wrong, Problem) and wrong.why != "too_many":
        return once_more(visit, "email")
    if wrong is not None:
        return faults.show(visit, "email", wrong, username=person.username, email=email)
    return sent(visit, email, Errand())


async def sure(visit: Visit) -> Response:
    """What the link would do. Opening it changes nothing."""
    email = await visit.desk.asked_email(visit.visitor, token(visit))
    if email is None:
        return _dead(visit)
    return visit.show("email_sure", link=token(visit), email=email)


async def confirm(visit: Visit) -> Response:
    """The address is theirs."""
    if not await visit.desk.confirm_email(visit.visitor, token(visit)):
        return _dead(visit)
    way = (visit.house.paper.url("/account"), "frame.account")
    return told.show(visit, 200, "email.done_h1", "email.done", way=way)


def _dead(visit: Visit) -> Response:
    return told.dead_link(visit, visit.house.paper.url("/account"), "frame.account", may_be_anothers=True)
