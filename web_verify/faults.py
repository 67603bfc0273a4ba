"""What is wrong with what was typed, as the sentences of a form; and the answer when too many tries were made."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from web_verify import times
from web_verify.desk import Fault, Problem
from web_verify.pages import problem
from web_verify.visit import Visit

WORDS: Final = {
    ("email", "empty"): "fault.email_empty",
    ("email", "shape"): "fault.email_shape",
    ("username", "empty"): "fault.username_empty",
    ("username", "shape"): "fault.username_shape",
    ("username", "taken"): "fault.username_taken",
    ("name", "shape"): "fault.name_shape",
    ("current", "empty"): "fault.current_empty",
    ("current", "wrong"): "fault.current_wrong",
    ("password", "short"): "fault.password_short",
    ("password", "long"): "fault.password_long",
    ("password", "known"): "fault.password_known",
    ("password", "name"): "fault.password_name",
}


def show(visit: Visit, page: str, wrong: Problem | Fault | Sequence[Fault], **facts: object) -> Response:
    """The form once more, with what is wrong above it; 429 after too many tries, 400 else."""
    faults = [wrong] if isinstance(wrong, Fault) else [] if isinstance(wrong, Problem) else list(wrong)
    errors: list[tuple[str, str]] = [(fault.field, WORDS[fault.field, fault.why]) for fault in faults]
    wait = ""
    if isinstance(wrong, Problem):
        errors, wait = [("", "fault.too_many")], str(times.wait(wrong.retry_for))
    response = visit.show(page, 429 if wait else 400, errors=errors, wait=wait, **facts)
    if isinstance(wrong, Problem):
        response.headers["retry-after"] = problem.retry_after(wrong)
    return response
