"""Nothing is decided without an event: whoever asks the storage for a change that decides tells the audit of it."""

import ast

from tests.rules.tree import python_files, tree

DECIDING = {
    "add_account",
    "add_client",
    "add_key",
    "add_session",
    "change_account",
    "change_client",
    "change_device",
    "change_key",
    "change_request",
    "end_family",
    "end_session",
    "redeem_device",
    "redeem_request",
}
# Where such a change decides nothing, and why.
UNDECIDED = {
    ("server/desk/people.py", "end_session"): "the session that a new one takes the place of",
    ("server/endpoints/authorize.py", "change_request"): "a pushed request is opened, and waits for its person",
}


def test_every_change_that_decides_brings_its_event() -> None:
    silent = set()
    for path in python_files("server"):
        if path.startswith("server/storage/"):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DECIDING:
                is_told = {"event", "events"} & {each.arg for each in node.keywords}
                if not is_told:
                    silent.add((path, node.func.attr))
    assert silent == UNDECIDED.keys(), "give `event=` or `events=` (CONTRIBUTING.md says how)"
