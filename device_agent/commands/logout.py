"""`porchlight-agent logout`: revoke at the server (RFC 7009), then forget the sign-in on this device."""

import time

from device_agent.discovery import Server, discover
from device_agent.exits import ERROR, NETWORK, OK, RATE_LIMITED, Failure
from device_agent.http.client import Http
from device_agent.http.errors import Unreachable
from device_agent.report import report
from device_agent.settings import Settings
from device_agent.token_file import TokenFile
from device_agent.tokens import Tokens

TRIES = 3
LONGEST_PAUSE = 10_000


def run(settings: Settings, words: list[str]) -> int:
    """Sign out. A server that says "later" keeps the sign-in; one that is away does not."""
    file = TokenFile(settings.state_dir)
    tokens = file.load()
    if tokens is None:
        report(settings, {"event": "signed_out"}, "Nobody is signed in on this device.")
        return OK
    http = Http(settings.ca_file, settings.is_http_allowed)
    with file.lock():
        tokens = file.load() or tokens  # another process may have renewed it
        try:
            outcome = revoke(http, discover(http, tokens.issuer), tokens, TRIES)
        except Failure as failure:
            outcome = "unreachable" if failure.code == NETWORK else failure.sentence
        finally:
            http.close()
        if outcome == "later":
            raise Failure(
                RATE_LIMITED,
                "later",
                "The server cannot sign this device out just now, so it is still signed in.",
                "Run porchlight-agent logout again in a minute.",
            )
        file.remove()
    return _say(settings, tokens, outcome)


def revoke(http: Http, server: Server, tokens: Tokens, tries: int) -> str:
    """Revoke the whole sign-in. One of "revoked", "later", "unreachable", or what the server did instead."""
    if not server.revocation_endpoint:
        return "the server has no sign-out"
    kind = "refresh_token" if tokens.refresh_token else "access_token"
    form = (
        ("token", tokens.refresh_token or tokens.access_token),
        ("token_type_hint", kind),
        ("client_id", tokens.client_id),
    )
    for left in range(tries - 1, -1, -1):
        try:
            answer = http.post_form(server.revocation_endpoint, form)
        except Unreachable:
            return "unreachable"
        if answer.status == 200:
            return "revoked"
        if answer.status not in (429, 503):  # RFC 7009 section 2.2.1: with a 503 the token still exists
            return f"the server refused (HTTP {answer.status})"
        if left:
            time.sleep(max(1_000, min(answer.retry_after_for(), LONGEST_PAUSE)) / 1000)
    return "later"


def _say(settings: Settings, tokens: Tokens, outcome: str) -> int:
    if outcome == "revoked":
        report(settings, {"event": "signed_out", "revoked": True}, "Signed out, here and at the server.")
        return OK
    reason = "it cannot be reached" if outcome == "unreachable" else outcome
    report(
        settings,
        {"event": "signed_out", "revoked": False, "reason": reason},
        f"Signed out here, but {tokens.issuer} still lists this device: {reason}.\n"
        "  Sign it out there too, on the page with your devices.",
    )
    return NETWORK if outcome == "unreachable" else ERROR
