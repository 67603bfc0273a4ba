"""In which language one request is answered: `?lang`, then the cookie it left, then what the phone speaks.

What a device or an app would speak (`ui_locales`) comes after these (`words.hear`), English last. What nobody can read,
a tag that is none or a language that we do not have, is passed over without a word.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from web_verify.languages import Language, asked_in, choose
from web_verify.look import Look

STAYS_FOR_S: Final = 365 * 24 * 3600
VARY: Final = ("vary", "accept-language, cookie")
_LONGEST: Final = 35  # of a tag (RFC 5646 section 4.4.1)
# What the pages' own addresses ask. What others put there (an app's address, a provider's code) is never written down.
_CARRIED: Final = ("code", "request", "again", "inbox", "account", "user_code", "sure")


class Wish(NamedTuple):
    """The language wished for, None for none that we have; `is_chosen`: on this very page, so that it is kept."""

    language: Language | None = None
    is_chosen: bool = False


class Switch(NamedTuple):
    """Where the form that changes the language leads, "" for the address of the page; with the same questions."""

    path: str
    query: Sequence[tuple[str, str]]


NONE: Final = Wish()


def wish_of(request: Request, look: Look) -> Wish:
    """What this request wishes for."""
    if len(look.languages) < 2:
        return NONE
    named = [tag[:_LONGEST] for tag in request.query_params.getlist("lang")[:1]]
    chosen = choose(named, look.languages)
    if chosen is not None:
        return Wish(chosen, is_chosen=True)
    kept = request.cookies.get(cookie_name(look), "")[:_LONGEST]
    return Wish(choose((kept, *asked_in(request.headers.get("accept-language", ""))), look.languages))


def switch_of(request: Request, look: Look, *, can_get: bool) -> Switch:
    """The page of this request, or the field for a code where a form was sent to an address that shows no page."""
    if request.method in ("GET", "HEAD"):
        asked = request.query_params
        return Switch("", [(name, asked[name]) for name in _CARRIED if len(asked.getlist(name)) == 1])
    return Switch("" if can_get else f"{look.prefix}/device", ())


def keep(response: Response, look: Look, language: Language) -> None:
    """Remember what was chosen, for a year. It is no secret, and no cookie of a person: only a tag."""
    response.set_cookie(
        cookie_name(look),
        language.tag,
        max_age=STAYS_FOR_S,
        path=look.prefix or "/",
        secure=look.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def cookie_name(look: Look) -> str:
    """Like the session's."""
    return "__Host-porchlight_language" if look.secure_cookies and not look.prefix else "porchlight_language"
