"""One sign-in as a device keeps it: the tokens, whose they are, and how old they may be (RFC 6749 section 5.1)."""

import time

from device_agent.flow.answers import seconds, text

VERSION = 1
DEFAULT_LIFETIME = 3_600_000
_STRINGS = ("issuer", "client_id", "access_token", "token_type", "refresh_token", "scope", "name", "username", "jkt")
_ANSWERED = ("access_token", "token_type", "refresh_token", "scope", "expires_in")


class Tokens:
    """`obtained_at` is wall-clock seconds, good only to guess an age after a restart; `lifetime_for` milliseconds.

    `jkt` is the thumbprint of the key that the tokens are bound to (RFC 9449), "" when they are not.
    """

    def __init__(self, values: dict[str, object]) -> None:
        self.issuer = text(values, "issuer")
        self.client_id = text(values, "client_id")
        self.access_token = text(values, "access_token")
        self.token_type = text(values, "token_type")
        self.refresh_token = text(values, "refresh_token")
        self.scope = text(values, "scope")
        self.name = text(values, "name")
        self.username = text(values, "username")
        self.jkt = text(values, "jkt")
        self.lifetime_for = seconds(values, "expires_in", DEFAULT_LIFETIME)
        obtained_at = values.get("obtained_at")
        self.obtained_at = int(obtained_at) if isinstance(obtained_at, (int, float)) else 0

    @property
    def scheme(self) -> str:
        """How the access token is shown (RFC 6750, RFC 9449 section 7.1)."""
        return "DPoP" if self.token_type.lower() == "dpop" else "Bearer"

    @property
    def is_bound(self) -> bool:
        """Whether the tokens are worth nothing without this device's key."""
        return bool(self.jkt) and self.scheme == "DPoP"

    def values(self) -> dict[str, object]:
        """What is written to the file."""
        strings: dict[str, object] = {name: getattr(self, name) for name in _STRINGS}
        return {"version": VERSION, **strings, "expires_in": self.lifetime_for // 1000, "obtained_at": self.obtained_at}

    def renewed(self, answer: dict[str, object]) -> "Tokens":
        """This sign-in with a newer answer of the token endpoint; what the answer leaves out stays as it was."""
        newer = {name: answer[name] for name in _ANSWERED if answer.get(name)}
        return Tokens({**self.values(), "expires_in": None, **newer, "obtained_at": int(time.time())})

    def age_for(self) -> int:
        """Milliseconds since the access token came, as far as this clock can tell; a clock set back says "old"."""
        age = int((time.time() - self.obtained_at) * 1000)
        return age if age >= 0 else self.lifetime_for
