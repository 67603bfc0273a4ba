"""What messages carry: an answer with its status, a call's arguments, presence, a state; JSON, bounded and checked."""

import json

LARGEST = 65_536
DEEPEST = 16


class EnvelopeError(ValueError):
    """The payload is not what its topic promises; the text says what is wrong and is safe to show."""


def encode(status: int, body: object = None) -> bytes:
    """`{"status":200,"body":...}`; EnvelopeError when the body is no JSON value, too deep or too large."""
    if not is_status(status):
        raise EnvelopeError("a status is a whole number from 100 to 599")
    return dump({"status": status, "body": body})


def decode(payload: bytes) -> tuple[int, object]:
    """(status, body) of an answer; EnvelopeError for anything else."""
    answer = load(payload)
    if not isinstance(answer, dict) or "status" not in answer:
        raise EnvelopeError('an answer is a JSON object with "status" and "body"')
    status = answer["status"]
    if not isinstance(status, int) or not is_status(status):
        raise EnvelopeError("a status is a whole number from 100 to 599")
    return status, answer.get("body")


def encode_call(arguments: dict[str, object] | None = None) -> bytes:
    """The arguments of an API call as one JSON object; nothing at all when there are none."""
    return dump(arguments) if arguments else b""


def decode_call(payload: bytes) -> dict[str, object]:
    """The arguments of an API call; an empty payload has none."""
    if not payload:
        return {}
    arguments = load(payload)
    if not isinstance(arguments, dict):
        raise EnvelopeError("the arguments of a call are one JSON object")
    return arguments


def encode_presence(is_online: bool, nonce: str) -> bytes:
    """`{"s":"online","sid":nonce}`: the nonce is new with each connection, so that an old "offline" is recognised."""
    return dump({"s": "online" if is_online else "offline", "sid": nonce})


def decode_presence(payload: bytes) -> tuple[bool, str]:
    """(is it online, nonce of the connection)."""
    said = load(payload)
    if isinstance(said, dict) and said.get("s") in ("online", "offline"):
        nonce = said.get("sid")
        if isinstance(nonce, str) and len(nonce) <= 64:
            return said["s"] == "online", nonce
    raise EnvelopeError('presence is {"s": "online" or "offline", "sid": at most 64 characters}')


def encode_state(version: int, state: dict[str, object]) -> bytes:
    """`{"v":7,"d":{...}}`: a desired or a reported state."""
    return dump({"v": version, "d": state})


def decode_state(payload: bytes) -> tuple[int, dict[str, object]]:
    """(version, state)."""
    said = load(payload)
    if isinstance(said, dict):
        version, state = said.get("v"), said.get("d")
        if isinstance(version, int) and not isinstance(version, bool) and version >= 0 and isinstance(state, dict):
            return version, state
    raise EnvelopeError('a state is {"v": a number from 0, "d": an object}')


def is_status(status: object) -> bool:
    """Whether this is a status like those of HTTP."""
    return isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599


def dump(value: object) -> bytes:
    """A JSON value as UTF-8, without blanks where the platform allows it."""
    refuse_beyond_json(value, DEEPEST)
    payload = json.dumps(value, separators=(",", ":")).encode("utf-8")
    if len(payload) > LARGEST:
        raise EnvelopeError(f"a payload has at most {LARGEST} bytes, this has {len(payload)}")
    return payload


def load(payload: bytes) -> object:
    """A JSON value from UTF-8; EnvelopeError when it is none, too large, too deep, or holds NaN or Infinity."""
    if len(payload) > LARGEST:
        raise EnvelopeError(f"a payload has at most {LARGEST} bytes, this has {len(payload)}")
    if payload.count(b"[") + payload.count(b"{") > DEEPEST:
        refuse_depth(payload)
    try:
        value = json.loads(str(payload, "utf-8"))
    except (ValueError, RuntimeError):  # MicroPython knows neither UnicodeDecodeError nor JSONDecodeError
        raise EnvelopeError("the payload is not JSON in UTF-8") from None
    refuse_beyond_json(value, DEEPEST)
    return value


def refuse_depth(payload: bytes) -> None:
    """Count brackets outside strings, because a parser would recurse as deep as it is told."""
    depth = 0
    in_text = escaped = False
    for byte in payload:
        if in_text:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_text = False
        elif byte == 0x22:
            in_text = True
        elif byte in b"[{":
            depth += 1
            if depth > DEEPEST:
                raise EnvelopeError(f"a payload is nested at most {DEEPEST} deep")
        elif byte in b"]}":
            depth -= 1


def refuse_beyond_json(value: object, depth: int) -> None:
    """Only what JSON has: no NaN, no Infinity, keys of text, at most `depth` levels."""
    if value is None or isinstance(value, (bool, int, str)):
        return
    if isinstance(value, float):
        if value != value or value - value != 0:
            raise EnvelopeError("JSON has neither NaN nor Infinity")
        return
    if depth == 0:
        raise EnvelopeError(f"a payload is nested at most {DEEPEST} deep")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise EnvelopeError("the names in a JSON object are text")
            refuse_beyond_json(inner, depth - 1)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            refuse_beyond_json(inner, depth - 1)
    else:
        raise EnvelopeError("JSON has no " + type(value).__name__)
