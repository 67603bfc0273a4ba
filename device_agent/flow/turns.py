"""Turn-taking shared by the machines: one request under way at a time, and a clock that never runs backwards."""

from device_agent.flow.steps import OutOfTurn


class Turns:
    """The state word of the machine that inherits it, the time, and the instant of its last request."""

    def __init__(self, state: str, busy_states: tuple[str, ...]) -> None:
        self.state = state
        self.sent_at = 0
        self._busy_states = busy_states
        self._latest: int | None = None

    def _clock(self, now: int) -> int:
        # A clock that jumps back must neither make the machine poll early nor let a code live for ever: to the
        # machine, time stands still until the clock has caught up.
        if self._latest is None or now > self._latest:
            self._latest = now
        return self._latest

    def _must_be_free(self) -> None:
        if self.state in self._busy_states:
            raise OutOfTurn("answer the request that is under way first: received() or lost()")

    def _must_be_under_way(self) -> None:
        if self.state not in self._busy_states:
            raise OutOfTurn("no request is under way: ask next() first")
