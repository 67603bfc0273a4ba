"""Read a JSON object from the body of a request: once, small, strict (RFC 8259)."""

import json
from typing import Any

from starlette.requests import Request

from server.oauth.errors import InvalidRequest, WrongMediaType

from .form import MAX_BODY, read_body

JSON_TYPE = "application/json"


async def read_object(request: Request, limit: int = MAX_BODY) -> dict[str, Any]:
    """The object. Raises `WrongMediaType`, `TooLarge` or `InvalidRequest`; a member given twice is refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        raise WrongMediaType(f"the body must be {JSON_TYPE}")
    body = await read_body(request, limit)
    try:
        content = json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not JSON, or a member is given twice") from None
    if not isinstance(content, dict):
        raise InvalidRequest("the body must be one JSON object")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("twice")
    return members


def _no_number(text: str) -> None:
    raise ValueError(text)
