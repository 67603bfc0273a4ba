"""Several displays at the same time: each is told everything, in the order in which they were asked for."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device_agent.displays.port import Display


class Several:
    """One display made of some. Another try can be asked for on the first of them that takes it."""

    def __init__(self, displays: "list[Display]") -> None:
        self._displays = displays
        self.has_keys = any(display.has_keys for display in displays)
        self.again = max(display.again for display in displays)

    def prepare(self) -> None:
        """Load what drawing needs."""
        for display in self._displays:
            display.prepare()

    def show(self, state: str, **facts: object) -> None:
        """Show a state on each."""
        for display in self._displays:
            display.show(state, **facts)

    def hide(self) -> None:
        """Hide the code, or show it again."""
        for display in self._displays:
            display.hide()

    def close(self) -> None:
        """Leave every screen in order."""
        for display in self._displays:
            display.close()
