"""The desk for user codes: what asks under a code, and the decision (RFC 8628 section 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .visitor import Problem, ScopeText, Visitor


@dataclass(frozen=True, slots=True)
class Asking:
    """A sign-in that waits for a decision: what the server saw, and apart from it what the device claims of itself.

    `user_code` is formatted (WDJB-MJHT). `address` is where the device asked from, `same_network` whether that is this
    phone's network too (None: cannot be known). `claimed_name` comes from the device: at most 32 characters, already
    freed of control and bidirectional characters, never to be shown as verified. `is_app_proven`: the app proved with
    a secret or a key that it is the one registered under `app_name`; a public app only says so.

    What the presence ladder asks: `proof` is a button, one of `choices`, two digits or the code itself, and `notice` a
    page before that, which only `sure` leads past; `must_sign_in`: only whoever signs in now may go on. `opens` goes
    back with the answer. `kept_back` is not given however the person decides; the sign-in ends after `lasts_for`
    milliseconds (None: never). `place` and `phone_place` are countries in words, "" when they are not known.
    `is_name_hidden`: the device's name would mislead. `needs_passkey`: no password will do.
    """

    app_name: str
    user_code: str
    asked_at: int
    expires_at: int
    address: str
    same_network: bool | None
    claimed_name: str | None
    scopes: tuple[ScopeText, ...]
    is_app_proven: bool = False
    is_name_hidden: bool = False
    proof: Literal["approve", "pick", "type", "code"] = "approve"
    notice: Literal["", "far", "same_browser"] = ""
    sure: str = ""
    choices: tuple[str, ...] = ()
    opens: int = 0
    must_sign_in: bool = False
    place: str = ""
    phone_place: str = ""
    kept_back: tuple[ScopeText, ...] = ()
    lasts_for: int | None = None
    needs_passkey: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """A sign-in that this very person has decided. `stopped_for`: they gave another number than the device showed, or
    said later that it was not them, or took it back. `is_signed_in`: the device has its tokens. `given_name` is what
    the person calls it.
    """

    app_name: str
    user_code: str
    approved: bool
    decided_at: int
    stopped_for: Literal["", "mismatch", "reported", "undone"] = ""
    is_signed_in: bool = False
    given_name: str = ""


class CodeDesk(Protocol):
    """Devices that ask."""

    async def look_up(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        """What asks under this user code, however it was typed. A wrong code counts as a try. Changes no decision."""
        ...

    async def open(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        """Like `look_up`, for somebody signed in who is about to decide: the code is theirs for five minutes, and the
        device is told. A second account ends it (`Problem("shared")`)."""
        ...

    async def let_go(self, visitor: Visitor, typed: str) -> None:
        """The person goes on under another account: the code is nobody's again."""
        ...

    async def decide(
        self,
        visitor: Visitor,
        typed: str,
        *,
        approve: bool,
        scopes: Sequence[str] | None = None,
        shown: str = "",
        opens: int | None = None,
    ) -> Decided | Problem:
        """Approve (with all scopes asked, or only those named) or deny, for the signed-in person; durable on return.

        `shown` is the proof that `open` asked for, `opens` what it said. `Problem("unproven")`: there is none;
        `Problem("open_again")`: look at the page again. A wrong number ends the sign-in.
        """
        ...

    async def undo(self, visitor: Visitor, typed: str) -> bool:
        """Take back an approval of this person: the sign-in ends, without an alarm. False: not theirs."""
        ...

    async def call(self, visitor: Visitor, typed: str, name: str) -> bool:
        """Give the device of this code a name. False: not theirs."""
        ...

    async def not_me(self, visitor: Visitor, typed: str) -> bool:
        """ "This was not me", of a code that this person approved: what came of it ends at once. False: not theirs."""
        ...
