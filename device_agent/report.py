"""What the commands without a screen of their own print: a sentence for people, or the same as one line of JSON."""

import sys

from device_agent.exits import Failure
from device_agent.settings import Settings


def report(settings: Settings, event: dict[str, object], sentence: str) -> None:
    """`event` on standard output with --json, `sentence` on standard output otherwise."""
    if settings.is_json:
        _print_json(event)
    else:
        print(sentence, flush=True)  # noqa: T201  # printing is what a command is for


def complain(failure: Failure, is_json: bool) -> None:
    """A Failure: for people on standard error, for programs on standard output."""
    if is_json:
        _print_json({"event": "error", "code": failure.word, "message": failure.sentence, "hint": failure.action})
        return
    action = f"\n  {failure.action}" if failure.action else ""
    encoding = sys.stderr.encoding or "utf-8"
    text = f"porchlight-agent: {failure.sentence}{action}\n"
    sys.stderr.write(text.encode(encoding, "replace").decode(encoding))
    sys.stderr.flush()


def _print_json(event: dict[str, object]) -> None:
    import json

    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()
