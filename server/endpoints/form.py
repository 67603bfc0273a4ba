"""Read a form as RFC 6749 section 3.2 and RFC 8628 section 3.1 want it: once, small, strict.

No parameter twice, an empty value counts as absent, unknown parameters are ignored by whoever reads the form.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.requests import ClientDisconnect, Request

from server.oauth.errors import InvalidRequest, TooLarge, WrongMediaType

MAX_BODY: Final = 16_384
MAX_FIELDS: Final = 40
REPEATABLE: Final = ("audience", "resource")  # RFC 8693 section 2.1; joined by a space, which no URI holds
FORM_TYPE: Final = "application/x-www-form-urlencoded"
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


async def read_body(request: Request, limit: int = MAX_BODY) -> bytes:
    """The whole body; raises `TooLarge` as soon as it is."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"the body is larger than {limit} bytes")
            chunks.append(chunk)
    except ClientDisconnect:
        raise InvalidRequest("the request ended before its body did") from None
    return b"".join(chunks)


async def read_form(request: Request) -> dict[str, str]:
    """The parameters of a POST form. Raises `WrongMediaType`, `TooLarge` or `InvalidRequest`."""
    return parse_form(await read_form_body(request))


async def read_form_body(request: Request) -> bytes:
    """The body of a POST form, not yet parsed; raises like `read_form`."""
    if request.scope.get("query_string"):
        raise InvalidRequest("parameters belong into the body of the request, not into its URL")
    media_type, _, _ = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != FORM_TYPE:
        raise WrongMediaType(f"the body must be {FORM_TYPE}")
    return await read_body(request)


def parse_form(body: bytes) -> dict[str, str]:
    """The parameters of a form body; raises `InvalidRequest`."""
    form, repeated = parse_loosely(body)
    if repeated:
        raise InvalidRequest("a parameter is given twice")
    return form


def parse_loosely(body: bytes) -> tuple[dict[str, str], frozenset[str]]:
    """The parameters of a form or query, and the names of those given more than once; raises `InvalidRequest`."""
    if _BAD_ESCAPE.search(body):
        raise InvalidRequest("the form holds a broken percent escape")
    pairs = body.split(b"&") if body else []
    if len(pairs) > MAX_FIELDS:
        raise InvalidRequest(f"the form has more than {MAX_FIELDS} fields")
    form: dict[str, str] = {}
    seen: set[str] = set()
    repeated: set[str] = set()
    for pair in pairs:
        if not pair:
            continue
        raw_name, _, raw_value = pair.partition(b"=")
        name, value = _decode(raw_name), _decode(raw_value)
        if name in REPEATABLE and name in form:
            value = f"{form[name]} {value}"
        elif name in seen:
            repeated.add(name)
        seen.add(name)
        if value:
            form[name] = value
    return form, frozenset(repeated)


def _decode(raw: bytes) -> str:
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("the form is not UTF-8") from None
    if "\0" in text:
        raise InvalidRequest("the form holds a NUL character")
    return text
