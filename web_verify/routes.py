"""Every address of the pages on one screen, and the composition root's way to get them."""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from web_verify.desk import Desk, Leaving
from web_verify.door import Answer, Door
from web_verify.forms import Refused
from web_verify.look import Look
from web_verify.pages import (
    account,
    account_codes,
    account_email,
    account_join,
    account_notice,
    account_passkeys,
    account_password,
    account_providers,
    account_reset,
    consent,
    decision,
    devices,
    done,
    enter,
    inbox,
    leaving,
    live,
    passkey,
    provider,
    request,
    second_step,
    sign_in,
    sign_out,
)
from web_verify.paper import Paper
from web_verify.stylesheet import Stylesheet
from web_verify.visit import House, Visit

# RFC 8628 section 3.3: `/device` is the address people type, `/D/{code}` the short one in the QR, in any case.
ROUTES: Final[tuple[tuple[str, Mapping[str, Answer]], ...]] = (
    ("/", {"GET": enter.home}),
    ("/activate", {"GET": enter.home}),
    ("/activate/", {"GET": enter.home}),
    ("/device", {"GET": enter.get, "POST": enter.post}),
    ("/device/", {"GET": enter.home}),
    ("/D/{code:path}", {"GET": decision.get, "POST": decision.post}),
    ("/d/{code:path}", {"GET": decision.get, "POST": decision.post}),
    ("/live/code/{code}", {"GET": live.code}),
    ("/live/devices", {"GET": live.devices}),
    ("/done/{code}/undo", {"POST": done.undo}),
    ("/done/{code}/name", {"POST": done.name}),
    ("/consent/{request_id}", {"GET": consent.get, "POST": consent.post}),
    ("/sign-in", {"GET": sign_in.get, "POST": sign_in.post}),
    ("/sign-in/code", {"GET": second_step.get, "POST": second_step.post}),
    ("/sign-in/passkey", {"POST": passkey.post}),
    ("/sign-in/passkey/ask", {"POST": passkey.ask}),
    ("/sign-in/with/{key}", {"GET": provider.go}),
    ("/sign-in/with/{key}/back", {"GET": provider.back}),
    ("/sign-out", {"POST": sign_out.post}),
    ("/sign-out/{ticket}", {"GET": leaving.get, "POST": leaving.post}),
    ("/requests", {"GET": inbox.get}),
    ("/requests/let", {"POST": inbox.let_ask}),
    ("/requests/code", {"POST": inbox.set_code}),
    ("/requests/{request_id}", {"GET": request.get, "POST": request.post}),
    ("/requests/{request_id}/never", {"POST": request.never}),
    ("/sign-up", {"GET": account_join.ask, "POST": account_join.send}),
    ("/join/{token}", {"GET": account_join.get, "POST": account_join.post}),
    ("/reset", {"GET": account_reset.ask, "POST": account_reset.send}),
    ("/reset/{token}", {"GET": account_reset.get, "POST": account_reset.post}),
    ("/account", {"GET": account.get}),
    ("/account/password", {"GET": account_password.get, "POST": account_password.post}),
    ("/account/email", {"GET": account_email.get, "POST": account_email.post}),
    ("/account/email/{token}", {"GET": account_email.sure, "POST": account_email.confirm}),
    ("/account/passkeys", {"GET": account_passkeys.get, "POST": account_passkeys.post}),
    ("/account/passkeys/ask", {"POST": account_passkeys.ask}),
    ("/account/passkeys/remove", {"POST": account_passkeys.remove}),
    ("/account/codes", {"GET": account_codes.get, "POST": account_codes.post}),
    ("/account/codes/begin", {"POST": account_codes.begin}),
    ("/account/codes/recovery", {"POST": account_codes.renew}),
    ("/account/codes/off", {"POST": account_codes.remove}),
    ("/account/providers", {"GET": account_providers.get}),
    ("/account/providers/link", {"POST": account_providers.link}),
    ("/account/providers/unlink", {"POST": account_providers.unlink}),
    ("/account/browsers/{session_id}/sign-out", {"POST": account.sign_out_one}),
    ("/account/sign-out", {"POST": account.sign_out_everywhere}),
    ("/notice/{token}", {"GET": account_notice.get, "POST": account_notice.post}),
    ("/devices", {"GET": devices.get}),
    ("/devices/sign-out", {"POST": devices.sign_out_all}),
    ("/devices/{device_id}/sign-out", {"POST": devices.sign_out_one}),
    ("/devices/{device_id}/name", {"POST": devices.name}),
    ("/devices/{device_id}/not-me", {"POST": devices.not_mine}),
)


def pages(desk: Desk, look: Look) -> list[Route | Mount]:
    """The routes of one issuer's pages, to be mounted under its path (`look.prefix`)."""
    stylesheet = Stylesheet()
    house = House(desk, look, Paper(look, stylesheet.path))
    doors = [Route(path, Door(house, answers), name=f"page {path}") for path, answers in ROUTES]
    return [*doors, Route(stylesheet.path, stylesheet, name="stylesheet")]


def lost(desk: Desk, look: Look) -> ASGIApp:
    """What to answer a browser where no route leads: the pages' own 404, whatever the method."""
    house = House(desk, look, Paper(look, Stylesheet().path))
    return Door(house, {})


def turned_away(desk: Desk, look: Look) -> Callable[[int, str, str], ASGIApp]:
    """The page for a person whom an app sent here with a request that no app can be told about.

    Takes the status, the key of the words, and what whoever made the app should read.
    """
    house = House(desk, look, Paper(look, Stylesheet().path))

    def door(status: int, key: str, detail: str) -> ASGIApp:
        async def refuse(visit: Visit) -> Response:
            visit.switch = None  # what the app asked is not carried on
            raise Refused(status, key, detail)

        return Door(house, {}, refuse)

    return door


def sent_back(desk: Desk, look: Look) -> Callable[[Leaving], ASGIApp]:
    """What takes an answer back to the app before any page was shown."""
    house = House(desk, look, Paper(look, Stylesheet().path))

    def door(leaving: Leaving) -> ASGIApp:
        async def send(visit: Visit) -> Response:
            return visit.send_back(leaving)

        return Door(house, {}, send)

    return door
