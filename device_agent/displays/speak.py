"""The code read aloud by espeak-ng, for who cannot see the screen. Only where it was asked for: others hear it too."""

import subprocess

from device_agent.clean import clean
from device_agent.displays.port import Look, Silent, write
from device_agent.displays.states import place, say, together

VOICE = ("espeak-ng", "--stdin", "-s", "130", "-g", "6", "-v")
CODES = ("waiting", "renewed")
FINISHED_WITHIN = 10.0  # seconds
QUIET = ("connecting", "note", "online")


class Speak(Silent):
    """Says each state once; what is being said when the next one comes is cut short. Never fatal."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._last = ""
        self._speaker: subprocess.Popen[bytes] | None = None
        self._is_dumb = False

    def show(self, state: str, **facts: object) -> None:
        """Say this state, unless it was the last thing said."""
        words = self._look.words
        if state in QUIET:
            return
        if state in CODES:
            letters = words.spelled(clean(facts.get("user_code"), 40))
            text = words("speak.code", place=place(facts.get("verification_uri")), letters=letters)
        elif state == "phone_connected" and (match := clean(facts.get("match"), 4)):
            text = words("speak.match", letters=" ".join(match))
        else:
            text = together(*say(state, facts, words))
        if text != self._last:
            self._last = text
            self._say(text)

    def close(self) -> None:
        """Let the last sentence be finished."""
        if self._speaker is not None:
            try:
                self._speaker.wait(FINISHED_WITHIN)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                self._speaker.kill()
                self._speaker.wait(5)

    def _say(self, text: str) -> None:
        if self._speaker is not None and self._speaker.poll() is None:
            self._speaker.terminate()
            self._speaker.wait(5)
        if self._is_dumb:
            return
        try:
            # By its standard input: others on this machine can list arguments.
            self._speaker = subprocess.Popen(
                [*VOICE, self._look.words.language],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._speaker.stdin is not None:
                with self._speaker.stdin as ear:
                    ear.write(text.encode() + b"\n")
        except FileNotFoundError:
            self._is_dumb = True
            write(self._look.stream, self._look.words("speak.missing") + "\n")
        except OSError:
            self._is_dumb = True  # it is there and does not work; the code is on the other displays
