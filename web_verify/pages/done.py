"""What was decided, and back to the device (section 3.3)."""

from typing import Final

from starlette.responses import Response

from web_verify.desk import Decided
from web_verify.forms import ECHO_LIMIT, Refused
from web_verify.pages.enter import short
from web_verify.visit import Visit

UNDO_FOR: Final = 60_000
NAMES: Final = ("done.name_living", "done.name_bed", "done.name_kitchen", "done.name_office")


def show(visit: Visit, decided: Decided) -> Response:
    """Connected, or stopped, for the person who decided it."""
    code = short(decided.user_code)
    can_undo = visit.desk.now() - decided.decided_at < UNDO_FOR
    show_it = visit.show_live if decided.approved and not decided.is_signed_in else visit.show
    return show_it("done", decided=decided, outcome=outcome(decided), code=code, can_undo=can_undo, names=NAMES)


async def undo(visit: Visit) -> Response:
    """Take the approval back: the device stops at once."""
    if await visit.person() is None:
        return visit.go("/sign-in")
    if not await visit.desk.undo(visit.visitor, code_of(visit)):
        raise Refused(404, "no_device")
    return visit.go("/D/", short(code_of(visit)))


async def name(visit: Visit) -> Response:
    """Give the device a name: one that was typed, or one of those suggested."""
    if await visit.person() is None:
        return visit.go("/sign-in")
    given = visit.form.one("pick") or visit.form.typed("name")
    if not await visit.desk.call(visit.visitor, code_of(visit), given):
        raise Refused(404, "no_device")
    return visit.go("/D/", short(code_of(visit)))


def code_of(visit: Visit) -> str:
    """The code in the path."""
    code: str = visit.request.path_params["code"]
    return code.strip()[:ECHO_LIMIT]


def outcome(decided: Decided) -> str:
    """Which words say it."""
    return decided.stopped_for or ("ok" if decided.approved else "deny")
