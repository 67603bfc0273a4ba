"""What every display fulfils, and what it may know before it is chosen."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TextIO

    class Display(Protocol):
        """One way to show a sign-in. `has_keys`: single keys make sense on it, and `hide` does something."""

        has_keys: bool

        def prepare(self) -> None:
            """Load what drawing needs; called while the first request travels."""

        def show(self, state: str, **facts: object) -> None:
            """Show a state of `states.py`. Facts may come from anywhere: the display cleans them."""

        def hide(self) -> None:
            """Hide the code from onlookers, or show it again (RFC 8628 section 5.7)."""

        def close(self) -> None:
            """Leave the screen in order."""


class Look:
    """Where to draw (`stream` for people, `out` for programs), what the user asked for, and the environment."""

    def __init__(
        self,
        stream: "TextIO",
        out: "TextIO",
        environment: dict[str, str],
        qr: str = "auto",
        is_json: bool = False,
        is_colorless: bool = False,
    ) -> None:
        self.stream = stream
        self.out = out
        self.environment = environment
        self.qr = qr
        self.is_json = is_json
        self.is_colorless = is_colorless
