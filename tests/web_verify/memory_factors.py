"""The part of the memory desk about passkeys, code apps and other providers: shown as told, nothing proven."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from web_verify.desk import (
    CameBack,
    CodeApp,
    LinkedProvider,
    NewCodeApp,
    NotTold,
    OwnPasskey,
    Person,
    Problem,
    SignedIn,
    Visitor,
    Ways,
)

NOW = 1_772_546_587_000
DAY = 86_400_000
PASSKEYS = (
    OwnPasskey("key-1", "My phone", NOW - 90 * DAY, NOW - 20_000, is_synced=True, is_alarmed=False),
    OwnPasskey("key-2", "A security key with a very long name of its own here", NOW - DAY, 0, False, is_alarmed=True),
)
LINKED = (LinkedProvider("aa" * 32, "Corp", "ana.ruiz-with-a-long-name@mail.example.com", NOW - DAY, NOW - 60_000),)
CODES = tuple(f"{part}{part}{part}{part}-bcdf-ghjk-mnpq" for part in "bcdfghjkmn")
NEW_APP = NewCodeApp(
    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "otpauth://totp/Porchlight%3Aana?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Porchlight",
)


@dataclass
class MemoryFactors:
    """`PasskeyDesk`, `CodeAppDesk` and `ProviderDesk`; `not_told` is why nobody comes back from a provider."""

    sessions: dict[str, Person] = field(default_factory=dict)
    own_ways: Ways = field(default_factory=Ways)
    factor_problem: Problem | None = None
    new_app: NewCodeApp | None = None
    owes_code: bool = False
    not_told: NotTold | None = None

    async def ways(self, visitor: Visitor) -> Ways | Problem:
        return self.own_ways if visitor.session in self.sessions else Problem("sign_in")

    async def ask_for_passkey(self, visitor: Visitor) -> Mapping[str, Any] | Problem:
        return Problem("blocked")

    async def sign_in_by_passkey(self, visitor: Visitor, answer: str) -> SignedIn | Problem:
        return self.factor_problem or Problem("wrong")

    async def ask_for_new_passkey(self, visitor: Visitor) -> Mapping[str, Any] | Problem:
        return Problem("blocked")

    async def add_passkey(self, visitor: Visitor, answer: str, name: str) -> Problem | None:
        return self.factor_problem

    async def remove_passkey(self, visitor: Visitor, passkey_id: str) -> Problem | None:
        return self.factor_problem

    async def second_step(self, visitor: Visitor) -> str | None:
        return "ana" if self.owes_code else None

    async def finish_second_step(self, visitor: Visitor, typed: str) -> SignedIn | Problem:
        return self.factor_problem or Problem("wrong")

    async def begin_code_app(self, visitor: Visitor) -> Problem | None:
        self.new_app = NEW_APP
        return None

    async def new_code_app(self, visitor: Visitor) -> NewCodeApp | Problem | None:
        return self.new_app if visitor.session in self.sessions else Problem("sign_in")

    async def confirm_code_app(self, visitor: Visitor, typed: str) -> tuple[str, ...] | Problem:
        return self.factor_problem or CODES

    async def renew_recovery_codes(self, visitor: Visitor) -> tuple[str, ...] | Problem:
        return CODES

    async def remove_code_app(self, visitor: Visitor) -> Problem | None:
        return None

    async def to_provider(
        self, visitor: Visitor, key: str, came_for: str, *, links: bool, fresh: bool
    ) -> str | NotTold | Problem:
        return "https://id.example.com/authorize" if links else "broken"

    async def from_provider(self, visitor: Visitor, key: str, answer: Mapping[str, str]) -> CameBack:
        return CameBack("", why_not=self.not_told or "expired")

    async def unlink_provider(self, visitor: Visitor, link_id: str) -> Problem | None:
        return self.factor_problem


APP = CodeApp(NOW - 9 * DAY, NOW - 3_600_000, 7)
# What is nobody's to translate on these pages.
NAMED = (*(each.name for each in PASSKEYS), *CODES, "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP")
