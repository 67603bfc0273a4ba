"""Who asks, and the words that several parts of the desk share."""

from dataclasses import dataclass
from typing import Literal

Why = Literal[
    "wrong", "expired", "used", "denied", "too_many", "blocked", "sign_in", "shared", "unproven", "open_again",
    "stale", "last",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that asks: its session cookie (an opaque secret, never logged) and the address the server saw.

    `request_id` is that of the request it makes now, `browser` what it says of itself.
    """

    session: str
    address: str
    request_id: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is signed in on this phone."""

    username: str
    name: str


@dataclass(frozen=True, slots=True)
class ScopeText:
    """One scope and the sentence that says what it allows, verb first."""

    scope: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is nothing to decide. `retry_for` (milliseconds) is set for `too_many`.

    `sign_in`: too many strangers guess just now; whoever signs in is told. `shared`: two people opened one code.
    `unproven`: the proof of presence is missing. `open_again`: the page that was answered is not the latest.
    `stale`: whoever is signed in signs in once more first. `last`: nothing would be left to sign in with.
    """

    why: Why
    retry_for: int = 0
