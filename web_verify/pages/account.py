"""My account: name, address, ways to sign in, and the browsers that are signed in."""

from starlette.responses import Response

from web_verify import session
from web_verify.forms import Refused
from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """What there is."""
    account = await visit.desk.account(visit.visitor)
    if account is None:
        return visit.go("/sign-in")
    return visit.show("account", account=account)


async def sign_out_one(visit: Visit) -> Response:
    """Sign one browser out; this one, too, when it is the one that was meant."""
    if await visit.person() is None:
        return visit.go("/sign-in")
    session_id: str = visit.request.path_params["session_id"]
    if not await visit.desk.sign_out_browser(visit.visitor, session_id):
        raise Refused(404, "no_browser")
    if await visit.person() is None:
        visit.become(session.draw(), stays=False)
        return visit.go("/sign-in")
    return visit.go("/account")


async def sign_out_everywhere(visit: Visit) -> Response:
    """Sign out every browser, this one included, and every device when that was ticked."""
    if await visit.person() is None:
        return visit.go("/sign-in")
    await visit.desk.sign_out_everywhere(visit.visitor, with_devices=visit.form.one("devices") == "yes")
    visit.become(session.draw(), stays=False)
    return visit.go("/sign-in")
