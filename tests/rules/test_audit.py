"""Nothing is decided without an event: whoever asks the storage for a change that decides tells the audit of it."""

import ast
from collections.abc import Iterator

from tests.rules.tree import python_files, tree

TOLD = {"event", "events"}
# Where such a change decides nothing, and why.
UNDECIDED = {
    ("server/desk/afterwards.py", "end_family"): "the approval that was taken back a moment before tells of it",
    ("server/desk/code_apps.py", "change_totp"): "a secret that no code has confirmed counts for nothing",
    ("server/desk/passkeys.py", "change_passkey"): "the sign-in that follows tells of it",
    ("server/desk/sessions.py", "end_session"): "the session that a new one takes the place of",
    ("server/endpoints/authorize.py", "change_request"): "a pushed request is opened, and waits for its person",
    ("server/notifications.py", "change_backchannel"): "when a ping or a push is tried again",
}


def deciding() -> set[str]:
    """The promises of the storage that take events along: those that decide."""
    promises = set()
    for path in python_files("server"):
        if path.startswith("server/oauth/") and "/grants/" not in path:
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.AsyncFunctionDef) and TOLD & {each.arg for each in node.args.kwonlyargs}:
                    promises.add(node.name)
    return promises


def silent_calls() -> Iterator[tuple[str, str]]:
    names = deciding()
    for path in python_files("server"):
        if path.startswith("server/storage/"):
            continue
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in names and not TOLD & {each.arg for each in node.keywords}:
                yield path, node.func.attr


def test_every_change_that_decides_brings_its_event() -> None:
    assert {*silent_calls()} == UNDECIDED.keys(), "give `event=` or `events=` (CONTRIBUTING.md says how)"


def test_the_promises_that_decide_are_known() -> None:
    assert {"add_client", "redeem_device", "redeem_request", "end_session", "change_key"} <= deciding()
    assert {"change_device", "end_family"} <= deciding()
    assert "record" not in deciding()
