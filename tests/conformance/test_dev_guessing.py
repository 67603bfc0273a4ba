"""RFC 8628 section 5.1: nobody guesses a user code, with new cookies, another account or after a restart."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conformance.wire import StoppedClock, is_undecided, tokens, type_code, wrong_codes
from tests.house import Phone, RunningHouse, furnish, open_house

ROOMY: dict[str, Any] = {
    "tries_per_session": 100,
    "tries_per_account": 100,
    "tries_per_network": 100,
    "tries_per_service": 100,
}
WINDOW = 600


@contextmanager
def guarded(tmp_path: Path, **limits: Any) -> Iterator[RunningHouse]:
    with open_house(tmp_path, clock=StoppedClock(), **(ROOMY | limits)) as house:
        yield furnish(house)


def locked(answer: requests.Response) -> requests.Response:
    assert answer.status_code == 429, answer.text
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW
    assert "Too many tries" in answer.text
    return answer


def open_code(phone: Phone, started: dict[str, Any], **more: Any) -> requests.Response:
    return phone.web.get(started["verification_uri_complete"], timeout=10, **more)


def test_dev_33_one_browser_has_five_tries(tmp_path: Path) -> None:
    with guarded(tmp_path, tries_per_session=5) as house:
        started, phone = house.begin(), Phone(house)
        page = phone.open(started)
        for code in wrong_codes(5):
            assert type_code(phone, code).status_code == 404
        locked(type_code(phone, wrong_codes(6)[5]))
        locked(type_code(phone, started["user_code"]))
        locked(open_code(phone, started))
        locked(phone.submit(page, decision="approve"))
        assert is_undecided(house, started)
        house.clock.advance(WINDOW - 5)
        locked(type_code(phone, started["user_code"]))
        house.clock.advance(5)
        fresh = house.begin()
        phone.approve(fresh)
        assert tokens(house.poll(fresh))["access_token"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_dev_33_new_cookies_do_not_help(tmp_path: Path, header: str) -> None:
    """Nor do addresses that the request itself claims (RFC 9700 section 4.13)."""
    with guarded(tmp_path, tries_per_network=6) as house:
        started = house.begin()
        for number, code in enumerate(wrong_codes(6)):
            phone = Phone(house)
            phone.web.headers[header] = f"203.0.113.{number}"
            assert type_code(phone, code).status_code == 404
        phone = Phone(house)
        phone.web.headers[header] = "203.0.113.99"
        locked(type_code(phone, started["user_code"]))
        locked(open_code(phone, started))
        assert is_undecided(house, started)


def test_dev_33_an_account_is_locked_wherever_it_signs_in_anew(tmp_path: Path) -> None:
    with guarded(tmp_path, tries_per_account=3) as house:
        started = house.begin()
        for code in wrong_codes(3):
            phone = Phone(house)
            phone.open(started)
            assert type_code(phone, code).status_code == 404
        phone = Phone(house)
        locked(phone.open(started))
        locked(type_code(phone, started["user_code"]))
        another = house.begin()
        Phone(house, "ben").approve(another)
        assert tokens(house.poll(another))["access_token"]


def test_dev_33_all_together_have_a_budget_too(tmp_path: Path) -> None:
    with guarded(tmp_path, tries_per_service=4) as house:
        started = house.begin()
        for code in wrong_codes(4):
            assert type_code(Phone(house), code).status_code == 404
        for page in (type_code(Phone(house), started["user_code"]), open_code(Phone(house), started)):
            assert page.status_code == 200
            assert "/sign-in?code=" in page.url, "a stranger is told nothing of the code, right or wrong"
            assert "Aurora TV" not in page.text
        assert "/sign-in?code=" in type_code(Phone(house), wrong_codes(5)[4]).url
        assert is_undecided(house, started)
        Phone(house).approve(started)
        assert tokens(house.poll(started))["access_token"], "whoever signs in is not locked out by strangers"


def test_dev_33_a_restart_forgives_nothing(tmp_path: Path) -> None:
    clock, limits = StoppedClock(), ROOMY | {"tries_per_network": 5, "tries_per_account": 4}
    with open_house(tmp_path, clock=clock, **limits) as house:
        furnish(house)
        started = house.begin()
        phone = Phone(house)
        phone.open(started)
        for code in wrong_codes(4):
            assert type_code(phone, code).status_code == 404
    with open_house(tmp_path, clock=clock, **limits) as house:
        again = Phone(house)
        again.web.cookies = phone.web.cookies
        locked(open_code(again, {"verification_uri_complete": house.issuer + "/D/" + _plain(started)}))
        assert type_code(Phone(house), wrong_codes(5)[4]).status_code == 404
        locked(type_code(Phone(house), started["user_code"]))
        assert is_undecided(house, started)


def test_dev_33_right_codes_cost_nothing(tmp_path: Path) -> None:
    with guarded(tmp_path, tries_per_session=3, tries_per_network=3, tries_per_account=3) as house:
        phone = Phone(house)
        for _ in range(5):
            started = house.begin()
            assert type_code(phone, started["user_code"]).status_code == 200
            phone.approve(started)
            assert tokens(house.poll(started))["access_token"]


def test_dev_33_passwords_are_limited_by_account_and_network(tmp_path: Path) -> None:
    with guarded(tmp_path, tries_per_account=3, tries_per_network=5) as house:
        started = house.begin()
        form = {"username": "ana", "password": "wrong"}
        for _ in range(3):
            phone = Phone(house)
            assert phone.submit(open_code(phone, started), **form).status_code == 403
        phone = Phone(house)
        answer = phone.submit(open_code(phone, started), username=" ANA ", password="correct horse battery")
        assert answer.status_code == 429
        for name in ("nobody", "nobody else"):
            phone = Phone(house)
            assert phone.submit(open_code(phone, started), username=name, password="wrong").status_code == 403
        phone = Phone(house, "ben")
        assert phone.submit(open_code(phone, started), username="ben", password="x").status_code == 429


def _plain(started: dict[str, Any]) -> str:
    return str(started["user_code"]).replace("-", "")
