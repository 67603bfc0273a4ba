"""One line for each state, for boxes without a screen: a log, a serial line, a small text display, a named pipe."""

from device_agent.clean import clean
from device_agent.displays.lines import WITH_CODE, code_line
from device_agent.displays.port import Look, Silent, write
from device_agent.displays.states import say, together
from device_agent.exits import USAGE, Failure


class Line(Silent):
    """`--display line` writes to standard error, `--display line:FILE` at the end of a file or to a serial line."""

    def __init__(self, look: Look, argument: str = "") -> None:
        self._words = look.words
        self._last = ""
        self._is_own = bool(argument)
        self._stream = look.stream
        if argument:
            try:
                self._stream = open(argument, "a", encoding="utf-8")  # noqa: SIM115  # closed in close()
            except OSError as error:
                why = f"--display line: {argument} cannot be written: {error.strerror}."
                raise Failure(USAGE, "usage", why, "Name another file.") from None

    def show(self, state: str, **facts: object) -> None:
        """Write the line of this state, unless it was the last one."""
        if state in WITH_CODE:
            text, key = code_line(facts, self._words), clean(facts.get("user_code"))
        else:
            key = text = together(*say(state, facts, self._words))
        if key == self._last:
            return
        self._last = key
        try:
            write(self._stream, text + "\n")
        except OSError:
            if not self._is_own:
                raise  # whoever read standard error has left; a serial line that is pulled out is no reason to end

    def close(self) -> None:
        """Close the file."""
        if self._is_own:
            self._is_own = False
            try:
                self._stream.close()
            except OSError:
                return  # as above
