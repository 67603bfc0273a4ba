"""Read one small form, whatever arrives: limits first, then the type, then the fields."""

from urllib.parse import parse_qsl

from starlette.requests import Request

BODY_LIMIT = 8 * 1024
FIELD_LIMIT = 64
ECHO_LIMIT = 256  # characters of what a person typed that we keep, ask the desk about and show again
FORM_TYPE = "application/x-www-form-urlencoded"


class Refused(Exception):
    """A request that no page answers: `status` for the browser, `key` of the words for the person.

    `detail` is for whoever wrote the app that sent the person here.
    """

    def __init__(self, status: int, key: str, detail: str = "") -> None:
        """Say what is wrong; the door shows the notice."""
        super().__init__(f"{status} {key}")
        self.status, self.key, self.detail = status, key, detail


class Form:
    """The fields of a form. A field that should come once and comes twice counts as missing: nobody guesses."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        """Keep the pairs in the order in which they came."""
        self._pairs = pairs

    def all(self, name: str) -> list[str]:
        """Every value of one name."""
        return [value for key, value in self._pairs if key == name]

    def one(self, name: str) -> str:
        """The value that came exactly once, else the empty string."""
        values = self.all(name)
        return values[0] if len(values) == 1 else ""

    def typed(self, name: str) -> str:
        """Like `one`, free of outer white space and capped at 256 characters."""
        return self.one(name).strip()[:ECHO_LIMIT]


async def read_form(request: Request) -> Form:
    """The form in the body; 413 above 8 KiB, 415 for another type, 400 for too many fields."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Refused(415, "bad_type")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > BODY_LIMIT:
        raise Refused(413, "too_large")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            raise Refused(413, "too_large")
    return parse(bytes(body))


def parse(body: bytes) -> Form:
    """The fields of a body; bytes that are no UTF-8 become the replacement character."""
    try:
        text = body.decode("utf-8", "replace")
        return Form(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=FIELD_LIMIT))
    except ValueError as problem:
        raise Refused(400, "bad_form") from problem
