"""Scopes as RFC 6749 section 3.3 writes them."""

import re
from collections.abc import Collection

from .errors import InvalidScope

MAX_LENGTH = 1_000
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


def parse(text: str) -> tuple[str, ...]:
    """Scope tokens in the order given, each once. Raises `InvalidScope` for anything outside the grammar."""
    if len(text) > MAX_LENGTH or not _SCOPE.fullmatch(text):
        raise InvalidScope("scope is a list of tokens, separated by single spaces")
    return tuple(dict.fromkeys(text.split(" ")))


def asked(text: str | None, allowed: Collection[str]) -> tuple[str, ...]:
    """The scopes of a request: those it names, or all that are allowed when it names none.

    Raises `InvalidScope` when one is not allowed.
    """
    if text is None:
        return tuple(allowed)
    scopes = parse(text)
    if any(scope not in allowed for scope in scopes):
        raise InvalidScope("a scope is unknown or not allowed for this client")
    return scopes


def write(scopes: Collection[str]) -> str:
    """The wire form: tokens separated by single spaces."""
    return " ".join(scopes)
