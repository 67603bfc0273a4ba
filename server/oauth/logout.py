"""Signing out of a browser: which apps' tokens end with it, and which apps are told of it (Back-Channel Logout).

A family is one session at an app: its id is the `sid` of ID tokens. Devices are begun in no browser, so that no
browser's sign-out ends them.
"""

from typing import Final

from .client import Client
from .delivery import Delivery, owed
from .identity import SCOPE
from .token import Family

OFFLINE: Final = "offline_access"
KIND: Final = "logout"
TOLD_FOR: Final = 6 * 3_600_000  # an app that is away for longer finds out by its refresh token


def ends_with_session(family: Family) -> bool:
    """Whether an app's tokens end when the person signs out of the browser in which it was opened.

    Those of an app that signs people in (`openid`), unless it was allowed to stay (section 2.7). An app that only
    calls an API was connected, not signed in: it stays until it is signed out in My devices.
    """
    return family.session_id != "" and SCOPE in family.scopes and OFFLINE not in family.scopes


def owed_to(client: Client | None, family: Family, now: int) -> Delivery | None:
    """What is owed to the app of this family when its session is over; None when it does not want to hear of it."""
    if client is None or not client.backchannel_logout_uri or SCOPE not in family.scopes:
        return None
    return owed(KIND, family.family_id, now, account_id=family.account_id, lasts_for=TOLD_FOR)
