"""The pages as operations: what every one of them takes and answers. Their words are for people, not for programs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .operation import ANY_TEXT, HTML, LOCATION, About, Answer, Field, Operation, text
from .parts import form

KEPT_BY_NOBODY: Final = (
    Field("cache-control", text("no-store"), True),
    Field("content-security-policy", ANY_TEXT, True),
    Field("referrer-policy", ANY_TEXT, True),
)
SHOWN: Final = Answer(200, "The page", ANY_TEXT, HTML, KEPT_BY_NOBODY)
SENT_ON: Final = Answer(303, "On to another page, or back to the app", headers=(*LOCATION, *KEPT_BY_NOBODY))
# status -> what the page says to the person
NOTICES: Final[Mapping[int, str]] = {
    400: "Something is missing, or was typed wrong",
    403: "The form was not shown to this visitor, or this cannot be decided from here",
    404: "There is nothing here, or the code is unknown",
    409: "This was answered before",
    410: "This has expired",
    429: "Too many tries; `Retry-After` says how long to wait",
    500: "Something is broken; the page shows the id under which the log has more",
}
POSTED: Final[Mapping[int, str]] = {413: "The form is too large", 415: "This is no form"}
LISTENED: Final = (
    Answer(200, "Server-sent events, one word each", ANY_TEXT, "text/event-stream", KEPT_BY_NOBODY),
    Answer(204, "There is nothing to hear", headers=KEPT_BY_NOBODY),
)
# What the script of a page asks for: for it JSON, for whoever comes without it a page.
ASKED: Final = tuple(
    Answer(status, says, {"type": "object"}, headers=KEPT_BY_NOBODY)
    for status, says in ((200, "What to ask the browser with"), (403, "Where to go first, or why not"), (429, "Wait"))
)


def notice(status: int, says: str) -> Answer:
    """A page that says what is wrong and what to do next."""
    return Answer(status, says, ANY_TEXT, HTML, KEPT_BY_NOBODY)


def about_page(path: str, answers: Mapping[str, Callable[..., Any]]) -> About:
    """The operations of one page, by method; each does what its function says it does."""
    return {method: _page(path, method, answer) for method, answer in answers.items()}


def about_browser(name: str, does: str, fields: Sequence[Field]) -> About:
    """The operations of an address that apps send browsers to, with a query or with a form."""
    sent_on = Answer(303, "On to the page that answers it, or back to the app with what is wrong", headers=LOCATION)
    posted_back = SHOWN._replace(says="A form that takes what is wrong back to the app")
    wrong = (notice(400, "The app made a mistake; the page says which"), notice(413, "It is too large to read"))
    broken = (notice(500, NOTICES[500]), notice(503, "The storage cannot be reached; try again"))
    said = Operation(name, does, (posted_back, sent_on, *wrong, *broken), is_for_people=True)
    posted = said._replace(name=f"{name}_by_post", answers=(*said.answers, notice(415, POSTED[415])))
    return {"GET": said._replace(query=fields), "POST": posted._replace(takes=form(*fields))}


def about_stylesheet() -> About:
    """The one file that the pages need besides themselves."""
    kept = (Field("cache-control", ANY_TEXT, True), Field("vary", text("accept-encoding"), True))
    shown = Answer(200, "The stylesheet, named after its content", ANY_TEXT, "text/css", kept)
    return {"GET": Operation("stylesheet", "How the pages look", (shown,), is_for_people=True)}


def _page(path: str, method: str, answer: Callable[..., Any]) -> Operation:
    words = [word for word in path.replace("{", "").replace("}", "").replace("-", "_").split("/") if word]
    name = "_".join((method.lower(), *words, *(["again"] if path.endswith("/") and words else []))) or method.lower()
    does = (answer.__doc__ or "").split("\n")[0]
    notices = {**NOTICES, **(POSTED if method == "POST" else {})}
    shown = LISTENED if path.startswith("/live/") else ASKED if path.endswith("/ask") else (SHOWN, SENT_ON)
    said = (*shown, *(notice(*each) for each in notices.items()))
    sent = form(Field("form_token", ANY_TEXT, True, "What the page put into its form for this visitor's cookie"))
    return Operation(name, does, said, takes=sent if method == "POST" else None, is_for_people=True)
