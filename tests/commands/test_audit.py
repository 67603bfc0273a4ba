"""`porchlight audit`: what an operator reads, what a program reads, and what happens while they look."""

import json
import threading

import pytest

from tests.commands.process import Porchlight, told
from tests.waiting import wait_until


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_table_names_people_and_apps(porchlight: Porchlight, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "audit", data=porchlight.data)
    head, *rows = out.splitlines()
    assert code == 0
    assert head.split() == ["UTC", "WHAT", "ACTOR", "PERSON", "APP", "DEVICE", "ADDRESS", "DETAIL"]
    assert [row.split()[2:6] for row in rows[:2]] == [
        ["client_added", "operator", "-", "tv"],
        ["account_added", "operator", "ana", "-"],
    ]


def test_json_is_one_event_a_line_with_its_number(porchlight: Porchlight, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "audit", "--json", data=porchlight.data)
    events = lines(out)
    assert [event["number"] for event in events] == list(range(1, len(events) + 1)), "oldest first"
    assert str(events[0]["at"]).endswith("Z")
    for flags, found in (
        (("--what", "client_added"), ["client_added"]),
        (("--account", "Ana"), ["account_added"]),
        (("--client", "tv"), ["client_added"]),
        (("--device", "nobody's"), []),
        (("--since", "1w", "--limit", "1", "--what", "client_added", "account_added"), ["account_added"]),
        (("--after", "1", "--what", "client_added", "account_added"), ["account_added"]),
    ):
        _, out, _ = told(capsys, "audit", "--json", *flags, data=porchlight.data)
        assert [event["what"] for event in lines(out)] == found, flags


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--since", "yesterday"), "--since: write how long ago"),
        (("--what", "issued", "isued"), "there is no event isued"),
        (("--limit", "0"), "--limit: write a number"),
    ],
)
def test_a_slip_is_answered_with_what_to_write(
    porchlight: Porchlight, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], word: str
) -> None:
    code, _, said = told(capsys, "audit", *flags, data=porchlight.data)
    assert code == 2
    assert word in said


def test_a_follower_hears_what_happens_elsewhere(porchlight: Porchlight) -> None:
    heard: list[str] = []
    with porchlight.start("audit", "--follow", "--json", "--limit", "1") as process:
        assert process.stdout is not None
        out = process.stdout
        listening = threading.Thread(target=lambda: heard.extend(out))
        listening.start()
        try:
            wait_until(lambda: heard, 20)
            porchlight.do("client", "disable", "tv")
            wait_until(lambda: len(heard) > 1, 20)
        finally:
            process.kill()
            listening.join(20)
    assert [json.loads(line)["what"] for line in heard][1:] == ["client_changed"]


def test_what_a_device_was_given_is_in_the_audit_though_the_server_was_killed(porchlight: Porchlight) -> None:
    with porchlight.serve() as server:
        tokens = server.sign_in()
        assert server.refresh(tokens).status_code == 200
        server.kill()
    events = [json.loads(line) for line in porchlight.run("audit", "--json").out.splitlines()]
    assert [event["what"] for event in events][-4:] == ["signed_in", "approved", "issued", "refreshed"]
    assert {event["address"] for event in events[-4:]} == {"127.0.0.1"}
