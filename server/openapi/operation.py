"""What one operation takes and answers: the words in which an endpoint describes itself (OpenAPI 3.1)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from server.oauth.errors import OAuthError

Schema = Mapping[str, Any]  # JSON Schema 2020-12
JSON: Final = "application/json"
HTML: Final = "text/html"
FORM: Final = "application/x-www-form-urlencoded"
# The security schemes; the document says what each is.
BASIC: Final = "client_secret_basic"
MTLS: Final = "mutualTLS"
BEARER: Final = "bearer"
DPOP: Final = "DPoP"
INITIAL: Final = "initial_access_token"
REGISTRATION: Final = "registration_access_token"


class Field(NamedTuple):
    """A parameter of a query, a path, a form or a header; or a member of a JSON object."""

    name: str
    schema: Schema
    is_required: bool = False
    says: str = ""


class Body(NamedTuple):
    """What a request carries."""

    media_type: str
    schema: Schema


def text(*one_of: str, longest: int = 0, shortest: int = 0, pattern: str = "") -> Schema:
    """A string; one of these, if some are named. Lengths in characters, `pattern` as ECMA 262 writes it."""
    limits = {"enum": list(one_of), "maxLength": longest, "minLength": shortest, "pattern": pattern}
    return {"type": "string", **{name: value for name, value in limits.items() if value}}


def whole(lowest: int = 0, highest: int | None = None) -> Schema:
    """A whole number."""
    return {"type": "integer", "minimum": lowest} | ({} if highest is None else {"maximum": highest})


def each(items: Schema, least: int = 0, most: int | None = None) -> Schema:
    """A list."""
    return {"type": "array", "items": items, "minItems": least} | ({} if most is None else {"maxItems": most})


def members(*fields: Field, is_open: bool = False) -> Schema:
    """An object of these members and no others, unless it `is_open`."""
    made: dict[str, Any] = {"type": "object", "properties": {field.name: _said(field) for field in fields}}
    if needed := [field.name for field in fields if field.is_required]:
        made["required"] = needed
    return made if is_open else made | {"additionalProperties": False}


def _said(field: Field) -> Schema:
    return {**field.schema, "description": field.says} if field.says else field.schema


ANY_TEXT: Final = text()
URL: Final[Schema] = {"type": "string", "format": "uri"}
FLAG: Final[Schema] = {"type": "boolean"}
NOT_KEPT: Final = (Field("cache-control", text("no-store"), True), Field("pragma", text("no-cache"), True))
PUBLIC: Final = (
    Field("cache-control", text("public, max-age=300"), True),
    Field("access-control-allow-origin", text("*"), True),
)
LOCATION: Final = (Field("location", ANY_TEXT, True),)


class Answer(NamedTuple):
    """One answer that is no refusal. Without a schema and a media type it has no body."""

    status: int
    says: str
    schema: Schema | None = None
    media_type: str = JSON
    headers: Sequence[Field] = NOT_KEPT


class Operation(NamedTuple):
    """One method at one path. `name` is the operationId.

    `refuses` are the refusals of the law that it answers with: their words and statuses are theirs. `refusal_members`
    are what such an answer may carry besides. `by` are the ways to prove oneself, any of which does ("": none).
    `is_for_people`: whatever fails is a page.
    """

    name: str
    does: str
    answers: Sequence[Answer]
    refuses: Sequence[type[OAuthError]] = ()
    refusal_members: Sequence[Field] = ()
    takes: Body | None = None
    path: Sequence[Field] = ()
    query: Sequence[Field] = ()
    headers: Sequence[Field] = ()
    by: Sequence[str] = ()
    is_for_people: bool = False


About = Mapping[str, Operation]  # by method
