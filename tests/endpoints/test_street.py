"""The street door: a request may take so long and no longer, however little of it has come."""

import time
from pathlib import Path

import pytest

from server.commands import street
from tests.endpoints.raw import FORM, Wire, request
from tests.house import open_house


@pytest.mark.parametrize("begun", [b"", b"POST /tok", request("POST", "/token", FORM, "Content-Length: 99") + b"x="])
def test_nobody_takes_for_ever_to_ask(begun: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(street, "ASK_FOR", 0.3)
    with open_house(tmp_path) as house, Wire(house) as wire:
        wire.send(begun)
        assert wire.is_closed()
        with Wire(house) as other:  # who has asked may keep the connection
            assert other.ask(request("GET", "/health")).status == 200
            time.sleep(0.5)
            assert other.ask(request("GET", "/health")).status == 200


def test_what_was_refused_does_not_count_for_the_next_request(tmp_path: Path) -> None:
    """Ten times 900 kilobytes on one connection, each refused, each next request in two pieces."""
    with open_house(tmp_path) as house, Wire(house) as wire:
        for _ in range(10):
            wire.send(request("POST", "/token", FORM, "Content-Length: 900000") + b"x=")
            assert wire.read().status == 413
            wire.send(b"y" * 899_998)
            wire.send(request("POST", "/token", FORM, "Content-Length: 14"))
            time.sleep(0.01)
            assert wire.ask(b"grant_type=foo").status == 400
