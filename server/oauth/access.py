"""What an access token says, whoever signed it: one value for making it and for reading it (RFC 9068 section 2.2)."""

from dataclasses import dataclass


class InvalidToken(Exception):
    """The token proves nothing here: malformed, foreign, expired, or of another kind."""


class DeadToken(InvalidToken):
    """This server signed it, and it is over: expired, or its sign-in has ended."""


@dataclass(frozen=True, slots=True)
class Access:
    """`expires_at`, `issued_at` and `auth_time` in milliseconds.

    `family_id`, `account_id` and `device_id` are "" when a client acts for itself alone. `jkt`: only the holder of this
    key may use it (RFC 9449 section 6.1); `x5t`: only who comes with this certificate (RFC 8705 section 3.1). `actors`:
    who acts for the account, the present one first (RFC 8693 section 4.1). `auth_time` and `amr` say when and how the
    person approved.
    """

    token_id: str
    family_id: str
    account_id: str
    client_id: str
    device_id: str
    scopes: tuple[str, ...]
    auth_time: int
    issued_at: int
    expires_at: int
    jkt: str | None = None
    x5t: str | None = None
    audience: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """`sub`: the account, or the client when there is none."""
        return self.account_id or self.client_id


def confirmation(access: Access) -> dict[str, str]:
    """`cnf`: what the token is bound to, as its claims and introspection say it; empty for a bearer token."""
    bound = {"jkt": access.jkt, "x5t#S256": access.x5t}
    return {name: value for name, value in bound.items() if value is not None}


def nested(actors: tuple[str, ...]) -> dict[str, object]:
    """`act`: the present actor outside, whoever acted before inside (RFC 8693 section 4.1)."""
    act: dict[str, object] = {}
    for actor in reversed(actors):
        act = {"sub": actor, "act": act} if act else {"sub": actor}
    return act
