"""The part of the memory desk about a person's own account: links as a dictionary, faults as told."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from web_verify.desk import (
    Browser,
    Decided,
    Device,
    Factor,
    Fault,
    NewDevice,
    OwnAccount,
    Person,
    Problem,
    SignedIn,
    Visitor,
    Ways,
)

NOW = 1_772_546_587_000
BROWSERS = (
    Browser("browser-1", "Firefox on Android", "203.0.113.7", NOW - 86_400_000, NOW, is_here=True),
    Browser("browser-2", "", "2001:db8:85a3:8d3:1319:8a2e:370:7348", NOW - 864_000_000, NOW - 7_200_000, is_here=False),
)
NEW_DEVICE = NewDevice("Aurora TV", "Sofa", NOW - 60_000, "203.0.113.7")


@dataclass
class MemoryAccounts:
    """`JoinDesk`, `ResetDesk`, `AccountDesk`, `NoticeDesk` and `LiveDesk`; `wrong` is what the next form gets told."""

    sessions: dict[str, Person] = field(default_factory=dict)
    decided: dict[str, tuple[str, Decided, tuple[str, ...]]] = field(default_factory=dict)
    owned: dict[str, list[Device]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    wrong: Fault | Problem | None = None
    email: str | None = "ana@example.com"
    new_device: NewDevice = NEW_DEVICE
    words: list[str] = field(default_factory=list)
    own_ways: Ways = field(default_factory=Ways)

    async def ask_to_join(self, visitor: Visitor, email: str) -> Fault | Problem | None:
        return self._asked("ask_to_join")

    async def ask_to_reset(self, visitor: Visitor, email: str) -> Fault | Problem | None:
        return self._asked("ask_to_reset")

    def _asked(self, call: str) -> Fault | Problem | None:
        self.calls.append(call)
        return self.wrong

    async def invited(self, token: str) -> str | None:
        return self.links.get(token)

    async def join(
        self, visitor: Visitor, token: str, *, username: str, name: str, password: str
    ) -> SignedIn | Problem | Sequence[Fault]:
        self.calls.append("join")
        if self.wrong is not None:
            return [self.wrong] if isinstance(self.wrong, Fault) else self.wrong
        self.links.pop(token)
        return self._begin(Person(username, name or username))

    def _begin(self, person: Person) -> SignedIn:
        session = secrets.token_urlsafe(32)
        self.sessions[session] = person
        return SignedIn(session, person)

    async def resetting(self, token: str) -> str | None:
        return "ana" if token in self.links else None

    async def reset(self, visitor: Visitor, token: str, password: str, *, with_devices: bool) -> Fault | Problem | None:
        self.calls.append("reset with devices" if with_devices else "reset")
        if self.wrong is None:
            self.links.pop(token)
        return self.wrong

    async def account(self, visitor: Visitor) -> OwnAccount | None:
        person = self.sessions.get(visitor.session)
        if person is None:
            return None
        return OwnAccount(
            person.username, person.name, self.email, False, (Factor("password"),), BROWSERS, self.own_ways
        )

    async def change_password(
        self, visitor: Visitor, current: str, password: str, *, with_devices: bool
    ) -> SignedIn | Fault | Problem:
        self.calls.append("change_password")
        return self.wrong or self._begin(self.sessions.pop(visitor.session))

    async def ask_for_email(self, visitor: Visitor, current: str, email: str) -> Fault | Problem | None:
        return self._asked("ask_for_email")

    async def asked_email(self, visitor: Visitor, token: str) -> str | None:
        return self.links.get(token) if visitor.session in self.sessions else None

    async def confirm_email(self, visitor: Visitor, token: str) -> bool:
        self.calls.append("confirm_email")
        return self.links.pop(token, None) is not None

    async def sign_out_browser(self, visitor: Visitor, session_id: str) -> bool:
        self.calls.append("sign_out_browser")
        return session_id in [browser.session_id for browser in BROWSERS]

    async def sign_out_everywhere(self, visitor: Visitor, *, with_devices: bool) -> None:
        self.calls.append("sign_out_everywhere with devices" if with_devices else "sign_out_everywhere")
        self.sessions.clear()

    async def noticed(self, token: str) -> NewDevice | None:
        return self.new_device if token in self.links else None

    async def sign_out_noticed(self, visitor: Visitor, token: str) -> NewDevice | None:
        self.calls.append("sign_out_noticed")
        if token not in self.links:
            return None
        self.new_device = replace(self.new_device, signed_out_at=NOW)
        return self.new_device

    async def undo(self, visitor: Visitor, typed: str) -> bool:
        self.calls.append("undo")
        return self._change(typed, approved=False, stopped_for="undone")

    async def call(self, visitor: Visitor, typed: str, name: str) -> bool:
        self.calls.append("call")
        return self._change(typed, given_name=name)

    def _change(self, code: str, **changes: object) -> bool:
        if code not in self.decided:
            return False
        username, decided, scopes = self.decided[code]
        self.decided[code] = (username, replace(decided, **changes), scopes)  # type: ignore[arg-type]
        return True

    async def name_device(self, visitor: Visitor, device_id: str, name: str) -> bool:
        self.calls.append("name_device")
        person = self.sessions.get(visitor.session)
        mine = self.owned.get(person.username, []) if person else []
        for place, device in enumerate(mine):
            if device.device_id == device_id:
                mine[place] = replace(device, given_name=name)
                return True
        return False

    async def watch_code(self, visitor: Visitor, typed: str) -> AsyncIterator[str] | None:
        return self._say() if visitor.session in self.sessions else None

    async def watch_devices(self, visitor: Visitor) -> AsyncIterator[str] | None:
        return self._say() if visitor.session in self.sessions else None

    async def _say(self) -> AsyncIterator[str]:
        for word in self.words:
            yield word
