"""The audit: every decision is one event that says who did what, and from where.

An event is written in the same transaction as what it tells of, so neither is ever there without the other. It holds
no secret, and nothing that a stranger typed: a name stands in it only when it names something that we know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, Protocol

from .secret import draw_id

Actor = Literal["person", "client", "operator", "house", "stranger"]
What = Literal[
    "approved",
    "denied",
    "asked",
    "issued",
    "refreshed",
    "repeated",
    "replayed",
    "revoked",
    "signed_in",
    "signed_out",
    "wrong_password",
    "wrong_code",
    "wrong_factor",
    "passkey_copied",
    "too_many_tries",
    "stopped",
    "would_stop",
    "wrong_number",
    "reported",
    "refused",
    "client_added",
    "client_changed",
    "client_removed",
    "registration_opened",
    "registration_closed",
    "account_added",
    "account_changed",
    "account_removed",
    "key_drawn",
    "key_rotated",
    "key_retired",
    "key_encrypted",
]
WORDS: Final[Mapping[What, str]] = {
    "approved": "a person let a device or an app in",
    "denied": "a person, or what the app itself asked for, said no",
    "asked": "an app asked a person on their phone",
    "issued": "tokens were handed out; the detail names the grant",
    "refreshed": "a refresh token was traded for the next one",
    "repeated": "an answer that was lost on the way was given once more",
    "replayed": "a used refresh token or code was shown again: its sign-in ended",
    "revoked": "a device or an app was signed out; the detail says why",
    "signed_in": "a person signed in to the pages",
    "signed_out": "a person signed out of the pages",
    "wrong_password": "a password was wrong, or nobody of that name may sign in",
    "wrong_code": "a user code was typed that nothing waits under",
    "wrong_factor": "a passkey, a one-time code or another provider's word was no good; the detail says which",
    "passkey_copied": "a passkey's counter ran backwards, so that there may be a copy: it opens nothing any more",
    "too_many_tries": "a code or password was not even looked at: too many wrong ones came before it",
    "stopped": "a sign-in was stopped before anybody was asked; the detail says why",
    "would_stop": "the policy block would have stopped this sign-in; it was only noted",
    "wrong_number": "a person gave another number than the device shows: that sign-in is over",
    "reported": "a person said of a device that was signed in: this was not me",
    "refused": "a request was refused; the detail is the error and the endpoint",
    "client_added": "an app was registered",
    "client_changed": "an app was changed; the detail says how",
    "client_removed": "an app was removed",
    "registration_opened": "an initial access token was made, with which apps may register themselves",
    "registration_closed": "an initial access token was ended",
    "account_added": "a person was added",
    "account_changed": "a person's account was changed; the detail says how",
    "account_removed": "a person was removed",
    "key_drawn": "a first signing key was drawn",
    "key_rotated": "a new signing key was drawn, to take over from the old one",
    "key_retired": "an old signing key got the date on which it is forgotten",
    "key_encrypted": "a signing key that lay open was encrypted",
}
LONGEST: Final = 200


class Origin(NamedTuple):
    """Where a request came from: the address that the server saw, and the id that its log lines have too."""

    address: str = ""
    request_id: str = ""


NOWHERE: Final = Origin()  # nobody asked: the house itself, or a command


@dataclass(frozen=True, slots=True)
class Event:
    """One decision. `at` in milliseconds; "" where there is nothing to say; `detail` a few plain words.

    Who acted is `actor`; client, account, device and family are whom it concerns. Of a refusal, the client is the one
    that the request named. `times` is more than one where many like it were counted instead of written.
    """

    event_id: str
    at: int
    what: What
    actor: Actor
    client_id: str = ""
    account_id: str = ""
    device_id: str = ""
    family_id: str = ""
    address: str = ""
    request_id: str = ""
    detail: str = ""
    times: int = 1

    def __post_init__(self) -> None:
        for name in _TEXTS:
            text = getattr(self, name)
            if len(text) > LONGEST or not text.isprintable():
                object.__setattr__(self, name, tidy(text))

    def many(self, times: int) -> "Event":
        """This event, standing for so many like it."""
        return replace(self, times=times)


_TEXTS: Final = ("client_id", "account_id", "device_id", "family_id", "address", "request_id", "detail")


def tidy(text: str) -> str:
    """The text on one line, short, without what could steer a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text[:LONGEST])


def happened(
    what: What,
    actor: Actor,
    now: int,
    origin: Origin = NOWHERE,
    *,
    client_id: str = "",
    account_id: str = "",
    device_id: str = "",
    family_id: str = "",
    detail: str = "",
) -> Event:
    """A new event."""
    address, request_id = origin
    return Event(draw_id(), now, what, actor, client_id, account_id, device_id, family_id, address, request_id, detail)


class Recorded(NamedTuple):
    """An event and its number in the order in which events were written."""

    number: int
    event: Event


@dataclass(frozen=True, slots=True)
class Sought:
    """Which events: those since then (milliseconds), of these words (none: any), about these ("": any)."""

    since: int = 0
    what: tuple[What, ...] = ()
    client_id: str = ""
    account_id: str = ""
    device_id: str = ""

    def is_met(self, event: Event) -> bool:
        """Whether it is one of them."""
        return (
            event.at >= self.since
            and (not self.what or event.what in self.what)
            and self.client_id in ("", event.client_id)
            and self.account_id in ("", event.account_id)
            and self.device_id in ("", event.device_id)
        )


class Audit(Protocol):
    """The part of the store that keeps events. Whatever decides takes its events along (`Store`); these stand alone."""

    async def record(self, events: Sequence[Event]) -> None:
        """Write events of what leaves nothing else behind."""
        ...

    async def last_event(self) -> int:
        """The number of the newest, 0 before the first; none comes to light behind it any more."""
        ...

    async def events(self, sought: Sought, limit: int) -> Sequence[Recorded]:
        """The newest of them, newest first."""
        ...

    async def events_after(self, number: int, limit: int) -> Sequence[Recorded]:
        """Those that follow, in the order of their numbers; with several servers, too, none comes to light behind
        one that was given."""
        ...
