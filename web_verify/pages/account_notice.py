"""Where the link in the notice of a new device leads: one tap signs that device out, and nothing else can be done here.

Nobody has to be signed in: whoever is told of a device that is not theirs is in a hurry.
"""

from starlette.responses import Response

from web_verify.pages import told
from web_verify.pages.account_join import token
from web_verify.visit import Visit


async def get(visit: Visit) -> Response:
    """Which device, and the one button."""
    device = await visit.desk.noticed(token(visit))
    if device is None:
        return _dead(visit)
    if device.signed_out_at is not None:
        return _done(visit)
    return visit.show("notice_device", link=token(visit), device=device)


async def post(visit: Visit) -> Response:
    """Sign it out; again is no error."""
    device = await visit.desk.sign_out_noticed(visit.visitor, token(visit))
    return _done(visit) if device is not None else _dead(visit)


def _done(visit: Visit) -> Response:
    way = (visit.house.paper.url("/account/password"), "notice.password")
    return told.show(visit, 200, "notice.done_h1", "notice.done", way=way)


def _dead(visit: Visit) -> Response:
    return told.dead_link(visit, visit.house.paper.url("/devices"), "frame.devices")
