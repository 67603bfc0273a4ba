"""My devices: what acts for this person, and the way to end it, with the proof on the page."""

from typing import Final

from starlette.responses import Response

from web_verify.forms import Refused
from web_verify.times import DAY
from web_verify.visit import Visit

IDLE_AFTER: Final = 90 * DAY  # not used for so long, it is shown in grey


async def get(visit: Visit) -> Response:
    """The list, newest activity first as the desk gives it."""
    person = await visit.person()
    if person is None:
        return visit.go("/sign-in")
    devices = await visit.desk.devices(visit.visitor)
    here = [device for device in devices if device.signed_out_at is None]
    waiting = len(await visit.desk.requests(visit.visitor))
    idle_since = visit.desk.now() - IDLE_AFTER
    return visit.show_live("devices", idle_since=idle_since, person=person, devices=devices, here=here, waiting=waiting)


async def sign_out_one(visit: Visit) -> Response:
    """End one device; the page that follows shows when."""
    if await visit.person() is None:
        return visit.go("/sign-in")
    device_id: str = visit.request.path_params["device_id"]
    if not await visit.desk.sign_out_device(visit.visitor, device_id):
        raise Refused(404, "no_device")
    return visit.go("/devices")


async def name(visit: Visit) -> Response:
    """Call one device something else."""
    if await visit.person() is None:
        return visit.go("/sign-in")
    device_id: str = visit.request.path_params["device_id"]
    if not await visit.desk.name_device(visit.visitor, device_id, visit.form.typed("name")):
        raise Refused(404, "no_device")
    return visit.go("/devices")


async def not_mine(visit: Visit) -> Response:
    """End one device, and say that it was never this person's."""
    if await visit.person() is None:
        return visit.go("/sign-in")
    device_id: str = visit.request.path_params["device_id"]
    if not await visit.desk.not_my_device(visit.visitor, device_id):
        raise Refused(404, "no_device")
    return visit.go("/devices")


async def sign_out_all(visit: Visit) -> Response:
    """End every device that is signed in now. One that ended by itself meanwhile is no error."""
    if await visit.person() is None:
        return visit.go("/sign-in")
    for device in await visit.desk.devices(visit.visitor):
        if device.signed_out_at is None:
            await visit.desk.sign_out_device(visit.visitor, device.device_id)
    return visit.go("/devices")
