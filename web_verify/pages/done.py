"""What was decided, and back to the device (section 3.3)."""

from starlette.responses import Response

from web_verify.desk import Decided
from web_verify.visit import Visit


def show(visit: Visit, decided: Decided) -> Response:
    """Connected, or stopped, for the person who decided it."""
    return visit.show("done", decided=decided, outcome=outcome(decided))


def outcome(decided: Decided) -> str:
    """Which words say it."""
    return decided.stopped_for or ("ok" if decided.approved else "deny")
