"""A request to sign out on its way through the browser: checked, then sealed, so that nothing has to be kept of it.

An app may post it, and cookies do not come with a post from elsewhere: so it is checked at one address and answered at
another of ours, and in between it is a ticket that only this service could have written.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import astuple, dataclass
from typing import Final

LIVES_FOR: Final = 600_000
LONGEST: Final = 8_192


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A checked request (RP-Initiated Logout section 2). Each text may be "": not known, not wanted.

    `account_id` and `family_id` are those of the ID token that was shown as a hint: the family is the session at the
    app. `redirect_uri` is registered for the client.
    """

    client_id: str
    redirect_uri: str
    state: str
    account_id: str
    family_id: str
    expires_at: int


def seal(request: LogoutRequest, secret: bytes) -> str:
    """The ticket; it is no secret, and says nothing that the browser did not bring."""
    body = json.dumps(astuple(request), separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_mac(body, secret))}"


def unseal(ticket: str, secret: bytes, now: int) -> LogoutRequest | None:
    """What was sealed; None for a ticket that is not ours, or too old."""
    if len(ticket) > LONGEST or not ticket.isascii():
        return None
    try:
        body, mac = (urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in ticket.split("."))
    except ValueError:
        return None
    if not hmac.compare_digest(mac, _mac(body, secret)):
        return None
    request = LogoutRequest(*json.loads(body))
    return request if now < request.expires_at else None


def _mac(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, b"sign out\0" + body, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
