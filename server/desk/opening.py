"""What a person changes in a device authorization, as the store applies it, with the events that tell of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from server.oauth import verification
from server.oauth.account import Session
from server.oauth.device import DeviceAuthorization
from server.oauth.event import Event, What
from server.oauth.presence import Decision, Facts, draw_match
from server.oauth.store import Change
from server.oauth.terms import Terms

_WORDS: dict[str, tuple[What, str]] = {
    "approved": ("approved", "device"),
    "denied": ("denied", "device"),
    "mismatch": ("wrong_number", ""),
    "shared": ("stopped", "a second account opened the code"),
    "reported": ("stopped", "this person reported the device before"),
}


class Shown(NamedTuple):
    """What is asked of somebody who signed in at `auth_time`, by the methods `amr`, under these terms."""

    asked: Decision
    terms: Terms
    auth_time: int
    amr: tuple[str, ...]


class Answer(NamedTuple):
    """What a person answered: `shown` is the proof, `opens` says to which opening of the page."""

    approve: bool
    scopes: Sequence[str] | None
    shown: str
    opens: int | None


class Telling(Sequence[Event]):
    """The events of a change whose end is known only when it is made: the change itself says what to tell.

    `event` is the one to be completed; `asked` is what an opening led to.
    """

    def __init__(self, event: Event) -> None:
        self.event = event
        self.asked: Decision | None = None
        self._events: tuple[Event, ...] = ()

    def say(self, word: str = "", detail: str = "") -> None:
        """This happened, and nothing of what was said before (a change may be made again); "": nothing did."""
        what, words = _WORDS.get(word, ("would_stop", detail))
        self._events = (replace(self.event, what=what, detail=words),) if word else ()

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._events[index]


def opening(account_id: str, facts: Facts, terms: Terms, told: Telling, now: int) -> Change:
    """Open it for this account."""

    def change(found: DeviceAuthorization | None) -> DeviceAuthorization:
        opened, told.asked = verification.open_by(
            _there(found), account_id=account_id, facts=facts, terms=terms, match=draw_match(), now=now
        )
        if opened.stopped_for:
            told.say(opened.stopped_for)
        elif told.asked.would_block and opened.opens == 1:
            told.say("would", f"L{opened.level}, network {facts.network}, country {facts.country}, {opened.proof}")
        else:
            told.say()
        return opened

    return change


def decision(session: Session, answer: Answer, terms: Terms, told: Telling, now: int) -> Change:
    """Approve with the proof that was asked for, or deny."""

    def change(found: DeviceAuthorization | None) -> DeviceAuthorization:
        asked = _there(found)
        if not answer.approve:
            told.say("denied")
            return verification.deny(asked, account_id=session.account_id, now=now)
        decided = verification.approve_shown(
            asked,
            account_id=session.account_id,
            auth_time=session.auth_time,
            amr=session.amr,
            scopes=answer.scopes,
            shown=answer.shown,
            opens=answer.opens,
            terms=terms,
            now=now,
        )
        told.say(decided.stopped_for or decided.state)
        return decided

    return change


def letting_go(account_id: str, now: int) -> Change:
    """Somebody goes on under another account: the code is nobody's again."""

    def change(found: DeviceAuthorization | None) -> DeviceAuthorization:
        return verification.let_go(_there(found), account_id=account_id, now=now)

    return change


def _there(found: DeviceAuthorization | None) -> DeviceAuthorization:
    if found is None:
        raise LookupError("the device authorization was swept away")
    return found
