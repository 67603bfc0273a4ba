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
from web_verify.pages import consent, decision, devices, enter, sign_in, sign_out
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
    ("/consent/{request_id}", {"GET": consent.get, "POST": consent.post}),
    ("/sign-in", {"GET": sign_in.get, "POST": sign_in.post}),
    ("/sign-out", {"POST": sign_out.post}),
    ("/devices", {"GET": devices.get}),
    ("/devices/sign-out", {"POST": devices.sign_out_all}),
    ("/devices/{device_id}/sign-out", {"POST": devices.sign_out_one}),
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
