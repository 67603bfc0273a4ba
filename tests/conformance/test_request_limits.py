"""Whoever may begin authorization requests without proving anything leaves only so much behind."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from server.oauth.grants.authorization_code import GRANT_TYPE
from tests.house import RunningHouse, furnish, open_house

BACK = "https://app.example/back"


def ask(house: RunningHouse, **more: str) -> Any:
    asked = {"client_id": "app", "redirect_uri": BACK, "response_type": "code", "scope": "profile"}
    asked |= {"code_challenge": "c" * 43, "code_challenge_method": "S256"}
    return house.get("/authorize", params=asked | more)


def error_of(answer: Any) -> str:
    found = parse_qs(urlsplit(answer.headers["location"]).query)
    return found.get("error", [""])[0]


def test_xd_13_one_network_begins_so_many_requests_and_no_more(tmp_path: Path) -> None:
    with open_house(tmp_path, requests_per_network=2) as house:
        furnish(house).add_client("app", grants=(GRANT_TYPE,), redirect_uris=(BACK,))
        assert [error_of(ask(house)) for _ in range(3)] == ["", "", "temporarily_unavailable"]
        pushed = {"client_id": "app", "redirect_uri": BACK, "response_type": "code", "code_challenge": "c" * 43}
        answer = house.post("/par", pushed | {"code_challenge_method": "S256"})
        assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        house.clock.advance(600)
        assert error_of(ask(house)) == ""


def test_xd_13_a_state_that_fills_the_disk_is_refused(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        furnish(house).add_client("app", grants=(GRANT_TYPE,), redirect_uris=(BACK,))
        assert error_of(ask(house, state="s" * 1_024)) == ""
        assert error_of(ask(house, state="s" * 1_025)) == "invalid_request"
