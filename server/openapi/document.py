"""The OpenAPI 3.1 document, made of the route table and of what each endpoint says of itself."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from starlette.routing import BaseRoute, Mount, Route, Router

from server.oauth.errors import OAuthError, TemporarilyUnavailable
from server.oauth.proof import UseNonce
from server.settings import Settings
from web_verify.door import Door
from web_verify.stylesheet import Stylesheet

from . import operation
from .operation import ANY_TEXT, JSON, NOT_KEPT, About, Answer, Field, Operation, members, text
from .pages import about_page, about_stylesheet
from .parts import NONCE

PARAMETER: Final = re.compile(r"\{([a-z_]+)(?::path)?\}")
DESCRIPTION: Final = Field("error_description", text(pattern=r"^[\x20-\x21\x23-\x5B\x5D-\x7E]+$"))
CHALLENGE: Final = Field("www-authenticate", ANY_TEXT, True, "How to prove oneself (RFC 9110 section 11.6.1)")
RETRY_AFTER: Final = Field("retry-after", text(pattern="^[0-9]+$"), True, "Seconds")
SCHEMES: Final[Mapping[str, Mapping[str, str]]] = {
    operation.BASIC: {"type": "http", "scheme": "basic", "description": "Client id and secret, each form-encoded"},
    operation.MTLS: {"type": "mutualTLS", "description": "The client's certificate (RFC 8705)"},
    operation.BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "RFC 6750, RFC 9068"},
    operation.DPOP: {
        "type": "http",
        "scheme": "DPoP",
        "description": "A token that is bound to a key, beside a proof in the header `DPoP` (RFC 9449 section 7.1)",
    },
    operation.INITIAL: {
        "type": "http",
        "scheme": "bearer",
        "description": "An initial access token that the operator gave (RFC 7591 section 3)",
    },
    operation.REGISTRATION: {
        "type": "http",
        "scheme": "bearer",
        "description": "The client's own registration access token (RFC 7592 section 3)",
    },
}


def write(settings: Settings, table: Sequence[BaseRoute]) -> bytes:
    """The document as JSON."""
    return json.dumps(document(settings, table), separators=(",", ":")).encode()


def document(settings: Settings, table: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document. URLs come from the configured issuer. Raises `LookupError` for a route that says nothing."""
    paths: dict[str, Any] = {}
    for prefix, route in walked(table):
        path = PARAMETER.sub(r"{\1}", route.path)
        said: dict[str, Any] = {method.lower(): _operation(one, path) for method, one in about(route).items()}
        if prefix != settings.path:  # a well-known document, beside the issuer's own paths
            said["servers"] = [{"url": settings.issuer.removesuffix(settings.path)}]
        paths.setdefault(path, {}).update(said)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": settings.service_name,
            "version": version("porchlight"),
            "description": "An authorization server for devices without a keyboard, and for the apps around them. "
            "Its endpoints follow the RFCs named in /.well-known/oauth-authorization-server.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.issuer}],
        "paths": paths,
        "components": {
            "securitySchemes": {name: dict(scheme) for name, scheme in SCHEMES.items()},
            "responses": shared_responses(paths),
        },
    }


def shared_responses(paths: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that several operations give alike, by a name; where they stood is then a reference to them."""
    found: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for said in paths.values():
        for one in said.values():
            responses = one["responses"] if isinstance(one, dict) else {}
            for status, response in responses.items():
                found.setdefault(json.dumps([status, response]), []).append((responses, status))
    shared: dict[str, Any] = {}
    for places in found.values():
        if len(places) > 1:
            responses, status = places[0]
            alike = sum(name.startswith(f"answer_{status}") for name in shared)
            name = f"answer_{status}_{alike + 1}"
            shared[name] = responses[status]
            for where, key in places:
                where[key] = {"$ref": f"#/components/responses/{name}"}
    return shared


def walked(table: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, Route]]:
    """Every route with the path that it is mounted at."""
    for route in table:
        if isinstance(route, Mount) and isinstance(route.app, Router):
            yield from walked(route.app.routes, prefix + route.path)
        elif isinstance(route, Route):
            yield prefix, route


def about(route: Route) -> About:
    """What a route takes and answers, by method."""
    if isinstance(route.endpoint, Door):
        return about_page(route.path, route.endpoint.answers)
    if isinstance(route.endpoint, Stylesheet):
        return about_stylesheet()
    says = getattr(route, "about", None) or getattr(route.endpoint, "about", None)
    if says is None:
        raise LookupError(f"{route.path} does not say what it takes and answers")
    said: About = says()
    return said


def _operation(one: Operation, path: str) -> dict[str, Any]:
    in_path = {field.name: field for field in one.path}
    named = [in_path.get(name, Field(name, text(shortest=1))) for name in PARAMETER.findall(path)]
    parameters = [_parameter(field._replace(is_required=True), "path") for field in named]
    parameters += [_parameter(field, "query") for field in one.query]
    parameters += [_parameter(field, "header") for field in one.headers]
    said: dict[str, Any] = {"operationId": one.name, "summary": one.does}
    if parameters:
        said["parameters"] = parameters
    if one.takes is not None:
        said["requestBody"] = {"required": True, "content": {one.takes.media_type: {"schema": one.takes.schema}}}
    if one.by:
        said["security"] = [{scheme: []} if scheme else {} for scheme in one.by]
    return said | {"responses": _responses(one)}


def _parameter(field: Field, place: str) -> dict[str, Any]:
    said = {"name": field.name, "in": place, "required": field.is_required, "schema": field.schema}
    return said | ({"description": field.says} if field.says else {})


def _responses(one: Operation) -> dict[str, Any]:
    answers = [*one.answers, *([] if one.is_for_people else refusals(one))]
    found: dict[str, Any] = {}
    for answer in sorted(answers, key=_status):
        said = found.setdefault(str(answer.status), {"description": answer.says})
        if answer.headers:
            said["headers"] = {field.name: _header(field) for field in answer.headers}
        if answer.schema is not None:
            said.setdefault("content", {})[answer.media_type] = {"schema": answer.schema}
    return found


def _status(answer: Answer) -> int:
    return answer.status


def _header(field: Field) -> dict[str, Any]:
    said = {"schema": field.schema, "required": field.is_required}
    return said | ({"description": field.says} if field.says else {})


def refusals(one: Operation) -> list[Answer]:
    """The law's refusals of an operation and those that any endpoint may answer, one answer for each status."""
    answered = {answer.status for answer in one.answers}
    by_status: dict[int, list[type[OAuthError]]] = {}
    kinds: list[type[OAuthError]] = [*one.refuses, TemporarilyUnavailable]
    for refusal in kinds:
        by_status.setdefault(refusal.status, []).append(refusal)
    said = [_refusal(status, alike, one) for status, alike in by_status.items() if status not in answered]
    broken = members(Field("error", text("server_error"), True), DESCRIPTION)
    return [*said, Answer(500, "Something is broken; the log has it under the id", broken)]


def _refusal(status: int, kinds: Sequence[type[OAuthError]], one: Operation) -> Answer:
    words = sorted({kind.error for kind in kinds})
    headers = [*NOT_KEPT]
    if status == 401:
        headers.append(CHALLENGE)
    if status in (429, 503):
        headers.append(RETRY_AFTER)
    if any(issubclass(kind, UseNonce) for kind in kinds):
        headers.append(NONCE)
    schema = members(Field("error", text(*words), True), DESCRIPTION, *one.refusal_members)
    return Answer(status, f"Refused: {', '.join(words)}", schema, JSON, headers)
