"""The presence ladder: from what the server saw of device and phone to the proof that a person must give.

RFC 10027 (BCP 247) sections 6.1.1 and 6.1.8 to 6.1.10. What stands against a mailed code is a number that is drawn
after the phone opened the page and shown only by the device. Everything here is pure: facts go in, a decision comes
out.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

Likeness = Literal["same", "different", "unknown"]
History = Literal["none", "known", "reported"]
Policy = Literal["allow", "challenge", "block", "report_only"]
Digits = Literal["auto", "required", "off"]
Proof = Literal["approve", "pick", "type", "code"]
Notice = Literal["", "far", "same_browser"]

POLICIES: Final[tuple[Policy, ...]] = ("allow", "challenge", "block", "report_only")
DIGITS: Final[tuple[Digits, ...]] = ("auto", "required", "off")
NUMBERS: Final[tuple[Proof, ...]] = ("pick", "type")  # the proofs that need a number on the device's screen
CHOICES: Final = 3
_ANY_NUMBER: Final = 90  # 10 to 99: nobody wonders whether a zero belongs to it


class Level(IntEnum):
    """How sure the server is that whoever approves stands before the device."""

    KNOWN = 0
    MATCH = 1
    NEAR = 2
    FAR = 3
    BLOCKED = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server knows when a phone opens a code.

    `network` and `country` compare device and phone. `is_hosted`: the device asks from a data centre or an anonymous
    network. `is_known_key`: it began with a key that an operator registered. `history`: what became of earlier
    sign-ins of this account by the same key. `is_app_proven`: the app authenticated as the one registered.
    `is_same_browser`: the browser that asks is the one that approves. `is_shared`: another account has the code open.
    """

    network: Likeness = "unknown"
    country: Likeness = "unknown"
    is_hosted: bool = False
    is_known_key: bool = False
    history: History = "none"
    is_app_proven: bool = False
    is_same_browser: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is asked of the person; `proof` None: nothing, it is stopped. `notice` is a page of its own before it.

    `needs_fresh_sign_in`: since the device asked. `would_block`: the policy `block` would have stopped it.
    """

    level: Level
    proof: Proof | None
    notice: Notice = ""
    needs_fresh_sign_in: bool = False
    would_block: bool = False


def level_of(facts: Facts) -> Level:
    """The step of the ladder; the first rule that fits counts."""
    if facts.is_shared or facts.history == "reported":
        return Level.BLOCKED
    if facts.network == "same":
        return Level.KNOWN if facts.is_known_key else Level.MATCH
    if facts.country == "different" or facts.is_hosted:
        return Level.NEAR if facts.is_known_key else Level.FAR
    if facts.is_known_key or facts.history == "known":
        return Level.MATCH
    if facts.network == "unknown" and facts.is_app_proven:
        return Level.MATCH
    return Level.NEAR


def decide(facts: Facts, *, policy: Policy, digits: Digits, shows_match: bool) -> Decision:
    """What to ask under the client's policy. `shows_match`: the device said that it can show a number."""
    level = level_of(facts)
    needs_number = digits == "required" and level > Level.KNOWN and policy != "allow"
    if level is Level.BLOCKED or (policy == "block" and level >= Level.NEAR) or (needs_number and not shows_match):
        return Decision(Level.BLOCKED, None)
    browser: Notice = "same_browser" if facts.is_same_browser else ""
    if policy == "allow":
        return Decision(level, "approve", browser)
    return Decision(
        level,
        _proof(level, has_number=shows_match and digits != "off"),
        "far" if level is Level.FAR else browser,
        needs_fresh_sign_in=level is Level.FAR,
        would_block=policy == "report_only" and level >= Level.NEAR,
    )


def _proof(level: Level, *, has_number: bool) -> Proof:
    if level is Level.KNOWN:
        return "approve"
    if level is Level.MATCH:
        return "pick" if has_number else "approve"
    # A device that shows no number: the code is not on the page, so that it is read off something.
    return "type" if has_number else "code"


def browser_of(user_agent: str) -> str:
    """What tells a browser from others as far as its own word goes, as a short hash; "" for what is no browser.

    Two phones of one make in one network look the same: it is worth a notice, never a refusal (section 5).
    """
    return hashlib.sha256(user_agent.encode()).hexdigest()[:16] if user_agent.startswith("Mozilla/") else ""


def sure_word(secret: bytes, account_id: str, code_hash: bytes, notice: str) -> str:
    """What says that this account was shown this notice about this code and went on: nobody else can make the link
    that leads past it, least of all whoever mails the code."""
    said = b"\0".join((b"sure", account_id.encode(), code_hash, notice.encode()))
    return hmac.new(secret, said, hashlib.sha256).hexdigest()[:32]


def draw_match() -> str:
    """The number that the device shows: two digits, drawn anew whenever a phone opens the code."""
    return str(10 + secrets.randbelow(_ANY_NUMBER))


def choices(match: str) -> tuple[str, ...]:
    """The numbers to choose from, the right one among them, in no order that tells."""
    drawn = {match}
    while len(drawn) < CHOICES:
        drawn.add(draw_match())
    shown = sorted(drawn)
    secrets.SystemRandom().shuffle(shown)
    return tuple(shown)


def read_match(typed: str) -> str:
    """The digits that a person picked or typed, of any script; "" when that are none or too many."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed[:16]))
    return "".join(str(unicodedata.digit(each)) for each in plain) if plain.isdecimal() and len(plain) <= 3 else ""
