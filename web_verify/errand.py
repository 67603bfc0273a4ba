"""What a person came for: the code of a device, the request of an app; carried along until it can be decided.

On its way through a mail it waits in a cookie of this browser, never in the mail: whoever types somebody's address into
a form must not be able to lead that person to a device of their own.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from web_verify.forms import ECHO_LIMIT
from web_verify.look import Look
from web_verify.visit import Visit

WAITS_FOR_S: Final = 1_800
NAMES: Final = ("code", "request", "again", "inbox", "account")  # as addresses and forms have them
ACCOUNT: Final = ("passkeys", "codes", "providers", "password", "email")  # pages of the account
_KEPT: Final = re.compile(r"([cr])\.([A-Za-z0-9_-]{1,256})")


@dataclass(frozen=True, slots=True)
class Errand:
    """What a person came for: the code of a device, the request of an app, or neither. `again`: though signed in; it is
    what leads past a notice that was shown before.

    `inbox`: the requests that wait for them there. `account`: a page of their account that wants a fresh sign-in.
    """

    code: str = ""
    request: str = ""
    again: str = ""
    inbox: str = ""
    account: str = ""

    @property
    def query(self) -> dict[str, str]:
        """As the address of a page carries it."""
        return {"code": self.code, "request": self.request}

    @property
    def whole(self) -> dict[str, str]:
        """All of it, for a form or an address."""
        return {name: value for name in NAMES if (value := str(getattr(self, name)))}

    @property
    def text(self) -> str:
        """All of it in one line, for whoever keeps it meanwhile."""
        return urlencode(self.whole)


def of_text(text: str) -> Errand:
    """What `Errand.text` made."""
    known = dict(parse_qsl(text, max_num_fields=len(NAMES)))
    return Errand(*(known.get(name, "") for name in NAMES))


def asked(visit: Visit) -> Errand:
    """What the address says."""
    return Errand(*(_one(visit, name) for name in NAMES))


def typed(visit: Visit) -> Errand:
    """What the form says."""
    return Errand(*(visit.form.typed(name) for name in NAMES))


def kept(visit: Visit) -> Errand:
    """What waits in this browser."""
    found = _KEPT.fullmatch(visit.request.cookies.get(cookie_name(visit.house.look), ""))
    if found is None:
        return Errand()
    return Errand(code=found[2]) if found[1] == "c" else Errand(request=found[2])


def keep(visit: Visit, response: Response, errand: Errand) -> Response:
    """Let it wait here, for half an hour; nothing to do takes away what waited."""
    look = visit.house.look
    code = re.sub("[^A-Za-z0-9]", "", errand.code)
    value = f"r.{errand.request}" if errand.request else f"c.{code}" if code else ""
    if _KEPT.fullmatch(value) or cookie_name(look) in visit.request.cookies:
        response.set_cookie(
            cookie_name(look),
            value if _KEPT.fullmatch(value) else "",
            max_age=WAITS_FOR_S if _KEPT.fullmatch(value) else 0,
            path=look.prefix or "/",
            secure=look.secure_cookies,
            httponly=True,
            samesite="lax",
        )
    return response


def onwards(visit: Visit, errand: Errand) -> Response:
    """To the decision that waits, or the inbox, else to the devices. There is no other way out of here."""
    if errand.request:
        return visit.go("/consent/", errand.request)
    if errand.inbox:
        return visit.go("/requests")
    if errand.code:
        return visit.go("/D/", errand.code, sure=errand.again)
    if errand.account in ACCOUNT:
        return visit.go("/account/", errand.account)
    return visit.go("/devices")


def once_more(visit: Visit, page: str) -> Response:
    """To the sign-in, for a page of the account that wants the proof of the moment."""
    return visit.go("/sign-in", account=page, again="1")


def cookie_name(look: Look) -> str:
    """Like the session's."""
    return "__Host-porchlight_errand" if look.secure_cookies and not look.prefix else "porchlight_errand"


def _one(visit: Visit, name: str) -> str:
    """The one value of this name in the address, else the empty string."""
    values = visit.request.query_params.getlist(name)
    return values[0].strip()[:ECHO_LIMIT] if len(values) == 1 else ""
