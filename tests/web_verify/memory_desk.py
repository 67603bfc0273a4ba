"""A desk that keeps everything in memory: the pages' port fulfilled in the smallest honest way, and spied on."""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.web_verify.memory_accounts import MemoryAccounts
from tests.web_verify.memory_factors import MemoryFactors
from tests.web_verify.memory_inbox import MemoryInbox
from web_verify.desk import (
    AppAsking,
    AskedToLeave,
    Asking,
    Decided,
    Device,
    Leaving,
    Person,
    Problem,
    ScopeText,
    SignedIn,
    Visitor,
)

NOW = 1_772_546_587_000  # 3 March 2026, 14:03:07 UTC
PASSWORD = "correct horse"
SCOPES = (
    ScopeText("profile", "See your name and picture"),
    ScopeText("library", "Play from your library"),
    ScopeText("readings:write", "Send its readings to your account"),
)
ASKING = Asking(
    app_name="Aurora TV",
    user_code="WDJB-MJHT",
    asked_at=NOW - 20_000,
    expires_at=NOW + 580_000,
    address="203.0.113.7",
    same_network=True,
    claimed_name="Living-room TV",
    scopes=SCOPES,
)

APP_ASKING = AppAsking(
    app_name="Photo wall",
    form_target="https://app.example",
    expires_at=NOW + 600_000,
    login_hint="ana",
    scopes=SCOPES,
    next="ask",
)


def normal(typed: str) -> str:
    """How this desk reads a code: the last path segment of an address, full width folded, letters only."""
    text = unicodedata.normalize("NFKC", typed).rstrip("/ ")
    text = text.rpartition("=")[2] if "=" in text else text.rpartition("/")[2]
    return re.sub("[^A-Z]", "", text.upper())


@dataclass
class MemoryDesk(MemoryAccounts, MemoryFactors, MemoryInbox):
    """Codes, sessions and devices as dictionaries; `calls` is what the pages asked, in order."""

    time: int = NOW
    asking: dict[str, Asking] = field(default_factory=lambda: {"WDJBMJHT": ASKING})
    problems: dict[str, Problem] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=lambda: {"ana": Person("ana", "Ana Ruiz")})
    sign_in_problem: Problem | None = None
    sessions: dict[str, Person] = field(default_factory=dict)
    decided: dict[str, tuple[str, Decided, tuple[str, ...]]] = field(default_factory=dict)
    owned: dict[str, list[Device]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    apps: dict[str, AppAsking] = field(default_factory=dict)
    visitors: list[Visitor] = field(default_factory=list)
    broken: bool = False
    shown: tuple[str, int | None] = ("", None)

    def now(self) -> int:
        return self.time

    async def person(self, visitor: Visitor) -> Person | None:
        return self.sessions.get(visitor.session)

    async def sign_in(self, visitor: Visitor, username: str, password: str) -> SignedIn | Problem:
        self.calls.append("sign_in")
        if self.sign_in_problem:
            return self.sign_in_problem
        if username not in self.people or password != PASSWORD:
            return Problem("wrong")
        session = secrets.token_urlsafe(32)
        self.sessions[session] = self.people[username]
        return SignedIn(session, self.people[username])

    async def sign_out(self, visitor: Visitor) -> None:
        self.calls.append("sign_out")
        self.sessions.pop(visitor.session, None)

    async def look_up(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        self.calls.append("look_up")
        self.visitors.append(visitor)
        if self.broken:
            raise RuntimeError("the cellar is flooded")
        code = normal(typed)
        if code in self.problems:
            return self.problems[code]
        if code in self.decided:
            person = self.sessions.get(visitor.session)
            username, decided, _ = self.decided[code]
            return decided if person and person.username == username else Problem("used")
        return self.asking.get(code, Problem("wrong"))

    async def open(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        self.calls.append("open")
        return await self.look_up(visitor, typed)

    async def let_go(self, visitor: Visitor, typed: str) -> None:
        self.calls.append("let_go")

    async def not_me(self, visitor: Visitor, typed: str) -> bool:
        self.calls.append("not_me")
        code = normal(typed)
        if code not in self.decided:
            return False
        username, decided, scopes = self.decided[code]
        self.decided[code] = (username, replace(decided, approved=False, stopped_for="reported"), scopes)
        return True

    async def not_my_device(self, visitor: Visitor, device_id: str) -> bool:
        self.calls.append("not_my_device")
        return await self.sign_out_device(visitor, device_id)

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
        self.shown = (shown, opens)
        self.calls.append("approve" if approve else "deny")
        found = await self.look_up(visitor, typed)
        person = self.sessions[visitor.session]
        if not isinstance(found, Asking):
            return found
        decided = Decided(found.app_name, found.user_code, approve, self.time)
        granted = tuple(text for text in found.scopes if scopes is None or text.scope in scopes) if approve else ()
        self.decided[normal(typed)] = (person.username, decided, tuple(text.scope for text in granted))
        if approve:
            here = Device(
                secrets.token_hex(4),
                found.app_name,
                found.claimed_name,
                self.time,
                self.time,
                found.address,
                granted,
                stays_until=self.time + 180 * 86_400_000,
            )
            self.owned.setdefault(person.username, []).insert(0, here)
        return decided

    async def look_up_app(self, visitor: Visitor, request_id: str) -> AppAsking | Problem:
        self.calls.append("look_up_app")
        asking = self.apps.get(request_id)
        if asking is None:
            return Problem("wrong")
        return asking if visitor.session in self.sessions else replace(asking, next="sign_in")

    async def decide_app(
        self, visitor: Visitor, request_id: str, *, approve: bool | None, scopes: Sequence[str] | None = None
    ) -> Leaving | Problem:
        self.calls.append("approve_app" if approve else "deny_app")
        if request_id not in self.apps or visitor.session not in self.sessions:
            return Problem("wrong")
        del self.apps[request_id]
        return Leaving(
            f"https://app.example/back?{'code=c' if approve else 'error=access_denied'}", "https://app.example"
        )

    async def look_up_leaving(self, visitor: Visitor, ticket: str) -> AskedToLeave | None:
        if ticket != "ticket":
            return None
        return AskedToLeave("Photo wall", "https://app.example", "ask" if visitor.session in self.sessions else "leave")

    async def leave(self, visitor: Visitor, ticket: str) -> Leaving | None:
        await self.sign_out(visitor)
        return None

    async def devices(self, visitor: Visitor) -> Sequence[Device]:
        person = self.sessions.get(visitor.session)
        return tuple(self.owned.get(person.username, ())) if person else ()

    async def sign_out_device(self, visitor: Visitor, device_id: str) -> bool:
        self.calls.append("sign_out_device")
        person = self.sessions.get(visitor.session)
        mine = self.owned.get(person.username, []) if person else []
        for place, device in enumerate(mine):
            if device.device_id == device_id:
                mine[place] = replace(device, signed_out_at=device.signed_out_at or self.time)
                return True
        return False

    def state(self) -> tuple[object, ...]:
        """Everything that a decision, a sign-in or a sign-out would change."""
        return dict(self.decided), dict(self.sessions), {name: list(mine) for name, mine in self.owned.items()}
