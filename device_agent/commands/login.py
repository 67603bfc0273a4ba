"""`porchlight-agent login`: show a code, wait for the person, keep the tokens, say who signed in."""

import os
import sys

from device_agent import keyboard
from device_agent.agent import Agent
from device_agent.clean import clean
from device_agent.discovery import Server, discover, read_issuer
from device_agent.displays import choose
from device_agent.displays.port import Look
from device_agent.displays.states import who
from device_agent.exits import DENIED, ERROR, EXPIRED, NETWORK, NOT_ALLOWED, OK, RATE_LIMITED, Failure
from device_agent.flow.answers import text
from device_agent.flow.sign_in import SignIn
from device_agent.flow.steps import Done, Stop
from device_agent.http.client import Http
from device_agent.http.url import split_url
from device_agent.key import is_available
from device_agent.key_file import key_for_sign_in
from device_agent.possession import Possession
from device_agent.session import Session, jitter, now
from device_agent.settings import Settings
from device_agent.token_file import TokenFile
from device_agent.tokens import Tokens
from device_agent.words import Words, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device_agent.displays.port import Display

WAIT_FOR_KEY = 900_000
# reason of the Stop, detail ("*" is any) -> exit code, state to show, the keys of its sentence and action in words.py
ENDS = (
    ("denied", "*", DENIED, "denied", ""),
    ("expired", "*", EXPIRED, "expired", "end.expired"),
    ("unreachable", "*", NETWORK, "failed", "end.unreachable"),
    ("busy", "*", RATE_LIMITED, "failed", "end.busy"),
    ("refused", "unauthorized_client", NOT_ALLOWED, "failed", "end.unauthorized_client"),
    ("refused", "access_denied", NOT_ALLOWED, "failed", "end.access_denied"),
    ("refused", "invalid_client", ERROR, "failed", "end.invalid_client"),
    ("refused", "invalid_scope", ERROR, "failed", "end.invalid_scope"),
    ("refused", "unmet_authentication_requirements", NOT_ALLOWED, "failed", "end.unmet"),
    ("refused", "*", ERROR, "failed", "end.refused"),
    ("*", "*", ERROR, "failed", "end.broken"),
)


def run(settings: Settings, words: list[str]) -> int:
    """Sign in. Every outcome is shown on the display; the return value is the exit code."""
    issuer = "" if settings.api and not settings.server else read_issuer(settings.server, settings.is_http_allowed)
    display = choose(_look(settings))
    http = Http(settings.ca_file, settings.is_http_allowed)
    give_up_at = now() + settings.timeout_for if settings.timeout_for else None
    try:
        while True:
            try:
                return _sign_in(settings, issuer, http, display, give_up_at)
            except Failure as failure:
                facts = {"sentence": failure.sentence, "action": failure.action, **failure.facts}
                display.show(failure.word if failure.facts else "failed", word=failure.word, **facts)
                if not _is_pressed([display.again], give_up_at):
                    return failure.code
    finally:
        display.close()
        http.close()


def _look(settings: Settings) -> Look:
    environment = dict(os.environ)
    return Look(
        sys.stderr,
        sys.stdout,
        environment,
        settings.qr,
        settings.is_json,
        settings.is_colorless,
        words_of(settings.locale, environment),
        settings.displays,
        settings.state_dir,
        settings.is_browser_opened,
    )


def _sign_in(settings: Settings, issuer: str, http: Http, display: "Display", give_up_at: int | None) -> int:
    file = TokenFile(settings.state_dir)
    before = _kept_before(file, display)
    words = words_of(settings.locale, dict(os.environ))
    # The room is taken before a person is asked: a full disk is found now, not after the walk to the phone.
    with file.reserve() as room:
        display.show("connecting", host=split_url(issuer or read_issuer(settings.api, settings.is_http_allowed))[1])
        server = _find_server(settings, issuer, http)
        key, said = key_for_sign_in(settings.key, server, file)
        if said:
            display.show("note", sentence=said)
        road = Possession(http, key)
        flow = SignIn(
            settings.client_id,
            settings.scope,
            settings.device_name,
            server.hold_for,
            jitter=jitter,
            renewals=settings.renewals,
            shows_match=True,
            demands=settings.demands,
        )
        keys = words("keys") if display.has_keys and keyboard.is_possible() else ""
        agent = Agent(road, server, flow, display, lambda plain, complete: _hand_off(settings, complete or plain), keys)
        end = agent.sign_in(give_up_at)
        while isinstance(end, Stop):
            if not _person_wants_another(end, display, words, give_up_at):
                return _show_end(end, display, words)
            flow.again(now())
            end = agent.sign_in(give_up_at)
        fresh = _tokens(settings, end, road, server)
        with file.lock():
            room.keep(fresh)
            file.unmark()
    _say_who(road, file, fresh, server, display, words)
    if before is not None:
        _revoke_quietly(http, server, before)
    return OK


def _find_server(settings: Settings, issuer: str, http: Http) -> Server:
    found = issuer
    if settings.api:
        from device_agent.resource import check_api, find_issuer

        found = find_issuer(http, settings.api, settings.is_http_allowed)
    if issuer and found != issuer:
        raise Failure(
            ERROR, "wrong_server", f"The API names {found} as its sign-in server.", "Check --server and --api."
        )
    server = discover(http, found, meanwhile=is_available if settings.key != "off" else None)
    if settings.api:
        check_api(settings.api, server.api, settings.is_http_allowed)
    return server


def _kept_before(file: TokenFile, display: "Display") -> Tokens | None:
    try:
        return file.load()
    except Failure as failure:
        if failure.word != "broken_sign_in":
            raise
        aside = file.set_aside()
        display.show("note", sentence=f"The old sign-in was damaged; it is kept as {aside}.")
        return None


def _tokens(settings: Settings, done: Done, road: Possession, server: Server) -> Tokens:
    jkt = road.key.thumbprint() if road.key is not None else ""
    known: dict[str, object] = {
        "issuer": server.issuer,
        "client_id": settings.client_id,
        "scope": settings.scope,
        "jkt": jkt,
    }
    fresh = Tokens(known).renewed(done.answer)
    if settings.key == "on" and not fresh.is_bound:
        _revoke_quietly(road.http, server, fresh)
        raise Failure(
            NOT_ALLOWED,
            "not_bound",
            "The server gave tokens that are bound to no key; they were revoked.",
            "Tell its operator, or leave --key on away.",
        )
    return fresh


def _say_who(
    road: Possession, file: TokenFile, tokens: Tokens, server: Server, display: "Display", words: Words
) -> None:
    session = Session(road, file, tokens, server)
    about: object = None
    try:
        answer = session.ask("GET", server.api + "/me")
        about = answer.json() if answer.status == 200 else None
        if isinstance(about, dict):
            session.remember(text(about, "name"), text(about, "username"))
    except Failure:
        about = None  # signed in all the same; the name comes with the next status
    name, username = (clean(text(about, part), 60) for part in ("name", "username"))
    display.show(
        "signed_in",
        who=who(name, username, words),
        name=name,
        username=username,
        sub=text(about, "sub"),
        scopes=session.tokens.scope.split(),
    )


def _revoke_quietly(http: Http, server: Server, before: Tokens) -> None:
    # The sign-in that was replaced would otherwise live on at the server, on nobody's device.
    from device_agent.commands.logout import revoke

    if before.issuer == server.issuer and before.refresh_token:
        revoke(http, server, before, tries=1)


def _person_wants_another(stop: Stop, display: "Display", words: Words, give_up_at: int | None) -> bool:
    """Whether a person asks for a new code in time: nobody else starts one (RFC 8628 section 3.1)."""
    places = [display.again]
    if stop.reason == "expired" and sys.stdin.isatty() and sys.stderr.isatty():
        display.show("expired", action=words("end.press"), word="expired")
        places.append(sys.stdin.fileno())
    elif display.again >= 0:
        _show_end(stop, display, words)
    return _is_pressed(places, give_up_at)


def _is_pressed(places: list[int], give_up_at: int | None) -> bool:
    places = [place for place in places if place >= 0]
    wait_for = WAIT_FOR_KEY if give_up_at is None else max(0, give_up_at - now())
    if not places or not wait_for:
        return False
    import select

    ready, _, _ = select.select(places, [], [], wait_for / 1000)
    return bool(ready) and os.read(ready[0], 1_024) != b""


def _show_end(stop: Stop, display: "Display", words: Words) -> int:
    for reason, detail, code, state, key in ENDS:
        if reason in (stop.reason, "*") and detail in (stop.detail, "*"):
            said = words(key, detail=clean(stop.detail, 60) or "without a word") if key else ""
            action = words(key + ".action") if state == "failed" else said
            display.show(state, sentence=said, action=action, word=stop.detail or stop.reason)
            return code
    raise LookupError("the last row fits everything")


def _hand_off(settings: Settings, address: str) -> str:
    said = [settings.note] if settings.note else []
    if not (settings.is_copied or settings.is_opened):
        return " ".join(said)
    from device_agent import handoff

    if settings.is_copied:
        said.append("The address is in the clipboard." if handoff.copy(address) else "There is no clipboard here.")
    if settings.is_opened:
        said.append("The browser is opening." if handoff.open_address(address) else "There is no browser here.")
    return " ".join(said)
