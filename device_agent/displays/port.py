"""What every display fulfils, and what it may know before it is chosen."""

from device_agent.words import IN_ENGLISH, Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TextIO

    class Display(Protocol):
        """One way to show a sign-in. `has_keys`: single keys make sense on it, and `hide` does something.

        `again`: a file descriptor on which a byte arrives when a person asks for another try on it, -1 where none can.
        """

        has_keys: bool
        again: int

        def prepare(self) -> None:
            """Load what drawing needs; called while the first request travels."""

        def show(self, state: str, **facts: object) -> None:
            """Show a state of `states.py`. Facts may come from anywhere: the display cleans them."""

        def hide(self) -> None:
            """Hide the code from onlookers, or show it again (RFC 8628 section 5.7)."""

        def close(self) -> None:
            """Leave the screen in order."""


class Look:
    """Where to draw (`stream` for people, `out` for programs), what the user asked for, and the environment.

    `displays`: (name, argument) of those that were asked for, none for the one that suits. `state_dir`: a directory of
    this user alone. `is_browser_opened`: a browser shows the kiosk page, all over the screen.
    """

    def __init__(
        self,
        stream: "TextIO",
        out: "TextIO",
        environment: dict[str, str],
        qr: str = "auto",
        is_json: bool = False,
        is_colorless: bool = False,
        words: Words = IN_ENGLISH,
        displays: tuple[tuple[str, str], ...] = (),
        state_dir: str = "",
        is_browser_opened: bool = False,
    ) -> None:
        self.stream = stream
        self.out = out
        self.environment = environment
        self.qr = qr
        self.is_json = is_json
        self.is_colorless = is_colorless
        self.words = words
        self.displays = displays
        self.state_dir = state_dir
        self.is_browser_opened = is_browser_opened


class Silent:
    """A display without keys that needs nothing loaded and leaves nothing switched on; to be inherited from."""

    has_keys = False
    again = -1

    def prepare(self) -> None:
        """Nothing to load."""

    def hide(self) -> None:
        """What was said cannot be taken back."""

    def close(self) -> None:
        """Nothing to put in order."""


def write(stream: "TextIO", text: str) -> None:
    """The text, with `?` for what the stream's encoding lacks, at once."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
