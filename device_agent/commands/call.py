"""`porchlight-agent call METHOD [key=value | key:=json ...]`: one API call, its answer on standard output."""

import json
import sys

from device_agent.clean import clean
from device_agent.exits import ERROR, EXPIRED, OK, USAGE, Failure
from device_agent.flow.answers import text
from device_agent.flow.form import encode_form
from device_agent.http.answer import Answer
from device_agent.http.client import Http
from device_agent.session import Session, open_session
from device_agent.settings import Settings
from device_agent.token_file import TokenFile

DEFAULT_TIMEOUT = 15_000


def run(settings: Settings, words: list[str]) -> int:
    """Call over MQTT, or over HTTP with --http or while `run` holds this device's one MQTT connection."""
    if not words:
        raise Failure(USAGE, "usage", "call needs a method.", "For example: porchlight-agent call me")
    method, arguments = words[0], read_arguments(words[1:])
    http = Http(settings.ca_file, settings.is_http_allowed)
    try:
        session = open_session(http, TokenFile(settings.state_dir), settings.key)
        if settings.is_over_http or _is_connection_taken(session):
            status, body = _over_http(session, method, arguments)
        else:
            status, body = _over_mqtt(session, settings, method, arguments)
    finally:
        http.close()
    return _say(settings, method, status, body)


def read_arguments(words: list[str]) -> dict[str, object]:
    """`key=value` is text, `key:=json` any JSON value. Raises Failure(USAGE)."""
    arguments: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.rstrip(":"):
            raise Failure(USAGE, "usage", f"{word!r} is no key=value.", "Write name=text, or name:=json for numbers.")
        if not name.endswith(":"):
            arguments[name] = value
            continue
        try:
            arguments[name[:-1]] = json.loads(value)
        except (ValueError, RecursionError):
            raise Failure(USAGE, "usage", f"{value!r} is no JSON.", "Write name=text for plain text.") from None
    return arguments


def _over_mqtt(session: Session, settings: Settings, method: str, arguments: dict[str, object]) -> tuple[int, object]:
    from device_agent.connection import connect, lost
    from device_agent.mqtt.caller import MqttFailure

    within_for = settings.timeout_for or DEFAULT_TIMEOUT
    try:
        caller = connect(session, settings, within_for)
        try:
            return caller.call(method, arguments, within_for)
        finally:
            caller.close()
    except MqttFailure as failure:
        if "in time" in str(failure):
            raise Failure(EXPIRED, "timeout", f"There was {failure}.", "Try a longer --timeout, or --http.") from None
        raise lost(failure) from None
    except ValueError as error:
        raise Failure(USAGE, "usage", f"{clean(str(error))}.", "Check the method and its arguments.") from None


def _over_http(session: Session, method: str, arguments: dict[str, object]) -> tuple[int, object]:
    index = session.ask("GET", session.server.api)
    listed = index.json()
    resources = listed.get("resources") if isinstance(listed, dict) else None
    for resource in resources if isinstance(resources, list) else []:
        if text(resource, "name") == method:
            verb = text(resource, "method").upper()
            url = session.server.api + text(resource, "path").partition("/api")[2]
            if verb in ("GET", "DELETE"):
                pairs = tuple((name, _as_text(value)) for name, value in arguments.items())
                answer = session.ask(verb, url + ("?" + encode_form(pairs).decode() if pairs else ""))
            else:
                answer = session.ask(verb, url, arguments)
            return answer.status, _body(answer)
    raise Failure(ERROR, "unknown_method", f"The server has no method {method!r}.", "Check its name.")


def _body(answer: Answer) -> object:
    if answer.status != 401:
        return answer.json()
    from device_agent.step_up import demanded

    return demanded(answer) or answer.json()


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_connection_taken(session: Session) -> bool:
    # A device has one MQTT connection: a second one would push `run` off the broker, which would push back.
    try:
        with session.file.lock("run.lock", is_patient=False):
            return False
    except BlockingIOError:
        sys.stderr.write("porchlight-agent: run holds the MQTT connection, so this call goes over HTTP.\n")
        return True


def _say(settings: Settings, method: str, status: int, body: object) -> int:
    if settings.is_json:
        print(json.dumps({"status": status, "body": body}), flush=True)  # noqa: T201  # the answer is the output
    elif body is not None:
        print(json.dumps(body, indent=2), flush=True)  # noqa: T201  # the answer is the output
    if status < 400:
        return OK
    from device_agent.connection import refused
    from device_agent.report import complain

    failure = refused(status, method, body)
    complain(failure, is_json=False)
    return failure.code
