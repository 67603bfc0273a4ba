"""What an observer of the protocol writes down: who consented to what, what that bought, and whether it lives."""

from dataclasses import dataclass, field

from server.oauth.token import REPLAY_FOR

ANA, BEN = "ana", "ben"
PEOPLE = (ANA, BEN)


@dataclass
class Bought:
    """A family: what one consent bought. `refreshes` are its refresh tokens, oldest first; all but the last are spent.

    `spent_at` tells when each of those was spent, in milliseconds. `accesses` are access tokens, each with the moment
    of its end and whether it was traded for another API.
    """

    client: str
    person: str
    scopes: frozenset[str]
    born_at: int
    refreshes: list[str]
    spent_at: list[int] = field(default_factory=list)
    accesses: list[tuple[str, int, bool]] = field(default_factory=list)
    has_ended: bool = False

    @property
    def newest(self) -> str:
        return self.refreshes[-1]

    def may_repeat(self, which: int, now: int) -> bool:
        """Whether a spent token is spent so lately that whoever proves to be the same party gets the same answer."""
        return now - self.spent_at[which] < REPLAY_FOR

    def may_repeat_first(self, now: int) -> bool:
        """Whether the device code that bought it may be shown once more, by whoever proves to be the same party."""
        return not self.spent_at and now - self.born_at < REPLAY_FOR


@dataclass
class SignIn:
    """A device sign-in. `state` is what the people made of it; `opened_by` who looked at it first."""

    client: str
    started: dict[str, str]
    asked: frozenset[str]
    expires_at: int
    state: str = "pending"
    opened_by: str = ""
    person: str = ""
    scopes: frozenset[str] = frozenset()
    bought: Bought | None = None

    @property
    def likely(self) -> str:
        """The person whose device it probably is."""
        return self.opened_by or PEOPLE[len(self.asked) % 2]


@dataclass
class Code:
    """An authorization code and what it may buy."""

    client: str
    code: str
    verifier: str
    person: str
    scopes: frozenset[str]
    given_at: int
    bought: Bought | None = None


@dataclass
class Ledger:
    """All of it. Nothing in here knows how the server works."""

    disabled: set[str] = field(default_factory=set)  # clients and people
    sign_ins: list[SignIn] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    families: list[Bought] = field(default_factory=list)

    def is_shut(self, client: str, person: str) -> bool:
        return not self.disabled.isdisjoint((client, person))

    def lives(self, family: Bought) -> bool:
        return not family.has_ended and not self.is_shut(family.client, family.person)

    def end_all(self, name: str) -> None:
        """A client or a person was disabled as the commands do it: what they have ends for good."""
        for family in self.families:
            family.has_ended |= name in (family.client, family.person)
