"""Redirect URIs: which may be registered, which is the one asked for, and how an answer is written onto it.

Compared as strings (RFC 9700 section 2.1); only the port of an app on the same machine is free (RFC 8252 section 7.3).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from .errors import InvalidRequest, OAuthError

LONGEST: Final = 2_000
MOST_REDIRECT_URIS: Final = 20  # of a client that registers itself
_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?([/?][^#]*)?")
_PLAIN: Final = re.compile(r"[!$-;=?-Z\]\[_a-z~%]+")
# RFC 8252 section 7.1: a scheme of one's own is a domain name backwards.
_OWN_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")


def check_redirect_uri(uri: str) -> None:
    """Raise `InvalidRequest` with what is wrong with a redirect URI about to be registered."""
    if not _PLAIN.fullmatch(uri) or len(uri) > LONGEST or "*" in uri:
        raise InvalidRequest("a redirect URI is an absolute URI in plain ASCII, without wildcards and fragment")
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        raise InvalidRequest("the redirect URI cannot be read") from None
    if parts.username is not None or parts.password is not None:
        raise InvalidRequest("a redirect URI holds no user name")
    if (parts.scheme == "https" and parts.hostname) or _LOOPBACK.fullmatch(uri):
        return
    if parts.scheme == "http":
        raise InvalidRequest("write https; http is for apps on the same machine: http://127.0.0.1/ or http://[::1]/")
    if not _OWN_SCHEME.fullmatch(parts.scheme) or parts.netloc:
        raise InvalidRequest("write https, or a scheme of the app's own such as com.example.app:/signed-in")


def check_logout_uri(uri: str) -> None:
    """Raise `InvalidRequest` unless the server itself may tell a sign-out there (Back-Channel Logout section 2.2)."""
    check_redirect_uri(uri)
    if urlsplit(uri).scheme not in ("https", "http"):
        raise InvalidRequest("the back-channel log-out URI is an https URL that the app's server answers at")


def is_registered(uri: str, registered: Iterable[str]) -> bool:
    """Whether this very URI was registered, the port of a loopback address apart."""
    found = _LOOPBACK.fullmatch(uri)
    if found is not None and int(found[2] or 80) > 65_535:
        return False
    return any(uri == each or (found is not None and _same_apart_from_port(uri, each)) for each in registered)


def _same_apart_from_port(one: str, other: str) -> bool:
    a, b = _LOOPBACK.fullmatch(one), _LOOPBACK.fullmatch(other)
    return a is not None and b is not None and (a[1], a[3]) == (b[1], b[3])


def answered(uri: str, answer: Mapping[str, str]) -> str:
    """The redirect URI with the answer in its query, whatever it had there before (RFC 6749 section 4.1.2)."""
    mark = "&" if "?" in uri else "?"
    return f"{uri}{mark}{urlencode(answer)}"


def form_target(uri: str) -> str:
    """The source expression under which a Content-Security-Policy lets a form lead to this URI."""
    parts = urlsplit(uri)
    if parts.scheme not in ("https", "http") or ":" in (parts.hostname or ""):
        return f"{parts.scheme}:"  # the grammar of CSP has no addresses of IPv6
    return f"{parts.scheme}://{parts.netloc}"


def answer_of(issuer: str, state: str | None, said: Mapping[str, str]) -> dict[str, str]:
    """What every answer at a redirect URI carries: the outcome, `state` as it came, and `iss` (RFC 9207 section 2)."""
    return {**said, **({} if state is None else {"state": state}), "iss": issuer}


def refusal_of(error: OAuthError) -> dict[str, str]:
    """A refusal as an answer at a redirect URI (RFC 6749 section 4.1.2.1)."""
    return {"error": error.error, **({"error_description": error.description} if error.description else {})}
