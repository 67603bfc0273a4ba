"""Why there is nothing to decide under a code, with its own status and what to do next."""

from typing import Final

from starlette.responses import Response

from web_verify import times
from web_verify.desk import Problem, Why
from web_verify.forms import ECHO_LIMIT
from web_verify.visit import Visit

# why -> the HTTP status, whether the field to type a code is offered, whether what was typed is kept in it
SHAPES: Final[dict[Why, tuple[int, bool, bool]]] = {
    "wrong": (404, True, True),
    "expired": (410, True, False),
    "used": (409, True, False),
    "denied": (409, True, False),
    "too_many": (429, False, False),
    "blocked": (403, False, False),
    "shared": (403, True, False),
}


def answer(visit: Visit, problem: Problem, typed: str) -> Response:
    """The problem's page; or the sign-in, where only whoever is signed in is told more."""
    if problem.why == "sign_in":
        return visit.go("/sign-in", code=typed.replace("-", ""))
    return show(visit, problem, typed)


def show(visit: Visit, problem: Problem, typed: str) -> Response:
    """The problem's page. `Retry-After` is in whole seconds, rounded up."""
    status, offers_field, keeps_typed = SHAPES[problem.why]
    response = visit.show(
        "problem",
        status,
        why=problem.why,
        wait=times.wait(problem.retry_for),
        offers_field=offers_field,
        typed=typed[:ECHO_LIMIT] if keeps_typed else "",
    )
    if problem.why == "too_many":
        response.headers["retry-after"] = retry_after(problem)
    return response


def retry_after(problem: Problem) -> str:
    """Milliseconds as the header's seconds, at least one."""
    return str(max(1, -(-problem.retry_for // 1000)))
