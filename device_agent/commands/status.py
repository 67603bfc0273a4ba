"""`porchlight-agent status`: who is signed in, what it allows, how long the token lasts, and whether MQTT is up."""

import json

from device_agent.clean import clean
from device_agent.displays.states import minutes, who
from device_agent.exits import NETWORK, OK, Failure
from device_agent.flow.answers import text
from device_agent.http.client import Http
from device_agent.report import complain, report
from device_agent.session import Session, open_session
from device_agent.settings import Settings
from device_agent.token_file import TokenFile


def run(settings: Settings, words: list[str]) -> int:
    """Ask the server, print what is so. 5 when it cannot be asked (what is known is printed all the same)."""
    http = Http(settings.ca_file, settings.is_http_allowed)
    away: Failure | None = None
    session = open_session(http, TokenFile(settings.state_dir), settings.key)
    try:
        answer = session.ask("GET", session.server.api + "/me")
        if answer.status == 200:
            session.remember(text(answer.json(), "name"), text(answer.json(), "username"))
    except Failure as failure:
        if failure.code != NETWORK:
            raise
        away = failure
    finally:
        http.close()
    _print(settings, session, away is None)
    if away is not None:
        complain(away, is_json=False)
        return NETWORK
    return OK


def _print(settings: Settings, session: Session, is_checked: bool) -> None:
    tokens = session.tokens
    left_for = max(0, tokens.lifetime_for - tokens.age_for())
    mqtt = mqtt_state(session.file)
    facts = {
        "event": "status",
        "issuer": tokens.issuer,
        "name": tokens.name,
        "username": tokens.username,
        "scopes": tokens.scope.split(),
        "expires_in": left_for // 1000,
        "renews_itself": bool(tokens.refresh_token),
        "bound": tokens.is_bound,
        "mqtt": mqtt,
        "checked": is_checked,
    }
    renewal = "renews itself" if tokens.refresh_token else "ends then"
    bound = ", bound to this device's key" if tokens.is_bound else ""
    sentences = (
        f"Signed in as {who(tokens.name, tokens.username)}" + ("" if is_checked else " (not checked)"),
        f"  at       {clean(tokens.issuer)}",
        f"  may      {clean(tokens.scope) or 'what the server gives by default'}",
        f"  token    valid for {minutes(left_for)}, {renewal}{bound}",
        f"  MQTT     {mqtt}",
    )
    report(settings, facts, "\n".join(sentences))


def mqtt_state(file: TokenFile) -> str:
    """`online`, `connecting` or the like while `porchlight-agent run` is running, else `not running`."""
    try:
        with file.lock("run.lock", is_patient=False):
            return "not running"
    except BlockingIOError:
        pass
    try:
        with open(file.directory + "/run.json", "rb") as state:
            return clean(text(json.loads(state.read(4096)), "state"), 40) or "starting"
    except (OSError, ValueError):
        return "starting"
