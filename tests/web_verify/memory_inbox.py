"""The inbox of the desk that keeps everything in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from web_verify.desk import Person, Problem, RequestAsking, RequestDecided, ScopeText, StoppedApp, Visitor

REQUEST = RequestAsking(
    request_id="0a" * 32,
    app_name="Front door",
    message="Open the door for KOALA 7",
    asked_at=1_772_546_587_000 - 20_000,
    expires_at=1_772_546_587_000 + 280_000,
    scopes=(ScopeText("openid", "Know which account is yours"), ScopeText("door", "Open your front door")),
)


@dataclass
class MemoryInbox:
    """`web_verify.desk.InboxDesk`: everybody signed in has the same inbox, `waiting`."""

    waiting: dict[str, RequestAsking] = field(default_factory=dict)
    answered: dict[str, RequestDecided] = field(default_factory=dict)
    allowed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stopped: dict[str, StoppedApp] = field(default_factory=dict)
    request_code: str = ""

    async def person(self, visitor: Visitor) -> Person | None:
        raise NotImplementedError

    def now(self) -> int:
        raise NotImplementedError

    async def requests(self, visitor: Visitor) -> Sequence[RequestAsking]:
        return tuple(self.waiting.values()) if await self.person(visitor) else ()

    async def look_up_request(self, visitor: Visitor, request_id: str) -> RequestAsking | RequestDecided | Problem:
        if request_id in self.answered:
            return self.answered[request_id]
        found = self.waiting.get(request_id)
        if found is None:
            return Problem("wrong")
        return Problem("expired") if self.now() >= found.expires_at else found

    async def decide_request(
        self,
        visitor: Visitor,
        request_id: str,
        *,
        approve: bool,
        scopes: Sequence[str] | None = None,
        stop_app: bool = False,
    ) -> RequestDecided | Problem:
        found = await self.look_up_request(visitor, request_id)
        if not isinstance(found, RequestAsking):
            return found
        del self.waiting[request_id]
        decided = RequestDecided(request_id, found.app_name, approve, self.now(), stop_app)
        self.answered[request_id] = decided
        self.allowed[request_id] = tuple(each.scope for each in found.scopes if scopes is None or each.scope in scopes)
        if stop_app:
            self.stopped["door"] = StoppedApp("door", found.app_name, self.now() + 86_400_000)
        return decided

    async def stopped_apps(self, visitor: Visitor) -> Sequence[StoppedApp]:
        return tuple(self.stopped.values())

    async def stop_app(self, visitor: Visitor, request_id: str) -> bool:
        if request_id not in self.answered:
            return False
        found = self.answered[request_id]
        self.answered[request_id] = replace(found, is_stopped=True)
        self.stopped["door"] = StoppedApp("door", found.app_name, None)
        return True

    async def let_app_ask(self, visitor: Visitor, client_id: str) -> None:
        self.stopped.pop(client_id, None)

    async def has_request_code(self, visitor: Visitor) -> bool:
        return bool(self.request_code)

    async def set_request_code(self, visitor: Visitor, code: str) -> bool:
        if code and not 4 <= len(code) <= 64:
            return False
        self.request_code = code
        return True
