"""What a person sees where no page can answer: what happened, that nothing changed, and the way back."""

from starlette.responses import Response

from web_verify.forms import Refused
from web_verify.visit import Visit


def show(visit: Visit, refused: Refused) -> Response:
    """The notice under the refusal's key, with its status."""
    return visit.show("notice", refused.status, key=refused.key, detail=refused.detail, back=way_back(visit))


def way_back(visit: Visit) -> str:
    """The page whose form was refused, with its code (a code carried to the sign-in asks for that itself)."""
    code = visit.request.path_params.get("code", "") or visit.form.typed("code")
    if code:
        return visit.house.paper.url("/D/", code)
    request_id = visit.request.path_params.get("request_id", "") or visit.form.typed("request")
    if request_id:
        return visit.house.paper.url("/consent/", request_id)
    if "session_id" in visit.request.path_params:
        return visit.house.paper.url("/account")
    if "device_id" in visit.request.path_params:
        return visit.house.paper.url("/devices")
    return visit.house.paper.url("/device")
