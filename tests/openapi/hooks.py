"""What schemathesis loads beside our description: it lets a part of its requests come from somebody who is known.

Every second request with good data is as it was drawn. In the others the credentials are real: those of a client, of a
device, of its key, of a browser that is signed in. What they are stands in the JSON file that `POOL` names.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from schemathesis.openapi.checks import RejectedPositiveData

from tests.dpop import Key

POOL = "PORCHLIGHT_TEST_POOL"
CLIENT = ("client_id", "client_secret", "client_assertion", "client_assertion_type")
ASKED = ("audience", "resource", "scope")  # what is drawn here is nothing that a client may have
PAGES = ("/devices", "/account", "/requests")  # for whoever is signed in
# They would sign out whoever is in the pool.
LEFT_ALONE = ("/sign-out", "/account/sign-out", "/account/browsers/{session_id}/sign-out", "/devices/sign-out")
_pool: dict[str, Any] = json.loads(Path(os.environ[POOL]).read_text())
_key = Key()
_key.private = load_pem_private_key(_pool["key"].encode(), None)  # type: ignore[assignment]
_key.jwk = _pool["jwk"]
_seen: Counter[str] = Counter()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Put real credentials into every second request whose data is good. Whoever is in the pool stays registered."""
    if case.path == "/register/{client_id}" and case.method == "DELETE":
        case.path_parameters = {"client_id": _pool["leaving"]}
        case.headers["Authorization"] = f"Bearer {_pool['leaving_token']}"
        return
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    label = case.operation.label
    _seen[label] += 1
    if _seen[label] % 2:
        return
    turn = _seen[label] // 2
    if isinstance(case.body, dict) and "client_assertion" in _fields(case):
        _as_client(case, turn)
    elif "form_token" in _fields(case) and case.path not in LEFT_ALONE:
        case.body = {**case.body, "form_token": _pool["form_token"]}
        case.headers["Cookie"] = _pool["cookie"]
    elif case.method == "GET" and case.path in PAGES:
        case.headers["Cookie"] = _pool["cookie"]
    elif case.path == "/register/{client_id}":
        case.path_parameters = {"client_id": _pool["registered"]}
        case.headers["Authorization"] = f"Bearer {_pool['registration']}"
        if isinstance(case.body, dict):
            case.body = {**case.body, "client_id": _pool["registered"]}
    elif "DPoP" in json.dumps(case.operation.definition.raw.get("security", [])) and turn % 2:
        case.headers["Authorization"] = f"DPoP {_pool['bound']}"
        _prove(case, _pool["bound"])


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """JSON Schema has no word for a text that can be printed; ours are refused when they cannot."""
    return not (isinstance(failure, RejectedPositiveData) and not _is_printable([case.query, case.body]))


def _as_client(case: Any, turn: int) -> None:
    """A request of a client that is known, with a token or a code of its own where it takes one."""
    body = {name: value for name, value in case.body.items() if name not in CLIENT}
    body |= {name: value for name, value in _pool["own"].items() if name in _fields(case)}
    if case.path == "/token" and turn % 3 == 1:
        body = {"grant_type": "client_credentials"}
        turn = _pool["confidential"]
    who = _pool["clients"][turn % len(_pool["clients"])]
    case.headers.pop("Authorization", None)
    case.headers.pop("DPoP", None)
    if turn % 3 == 0:
        _prove(case)
    case.body = {name: value for name, value in body.items() if name not in ASKED or turn % 5 == 0} | who["form"]


def _prove(case: Any, token: str = "") -> None:
    url = f"{_pool['issuer']}{case.path}"
    case.headers["DPoP"] = _key.proof(case.method, url, _pool["now"], token=token)


def _fields(case: Any) -> dict[str, Any]:
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    schema = next(iter(content.values()), {}).get("schema", {})
    return dict(schema.get("properties", {}))


def _is_printable(value: Any) -> bool:
    if isinstance(value, str):
        return value.isprintable()
    if isinstance(value, dict):
        return all(_is_printable(each) for each in (*value, *value.values()))
    return all(_is_printable(each) for each in value) if isinstance(value, list | tuple) else True
