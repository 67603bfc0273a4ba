"""What the built-in scopes allow, in English, under `scope.` and the scope's name.

An operator's own sentences are in the settings; `server.settings.SCOPES` has these as defaults, and a test compares.
"""

from typing import Final

SCOPE_WORDS: Final[dict[str, str]] = {
    "scope.openid": "Know which account is yours",
    "scope.profile": "See your name",
    "scope.offline_access": "Stay connected when you sign out here",
    "scope.readings:read": "See the readings of your devices",
    "scope.readings:write": "Send readings for you",
}
