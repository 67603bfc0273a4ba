"""The browsers a person is signed in with: listed, signed out, and what was begun in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.account_pages import get, heading, house_with_mail, press, sign_in
from tests.conformance.wire import tokens
from tests.forms import Forms
from tests.house import Phone, RunningHouse
from tests.mail import MailServer


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[RunningHouse, MailServer]]:
    with house_with_mail(tmp_path) as both:
        yield both


def test_browsers_are_listed_and_signed_out_one_by_one(place: tuple[RunningHouse, MailServer]) -> None:
    house, _ = place
    phone, sofa = Phone(house), Phone(house)
    agent = "Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Safari/604.1"
    sofa.web.headers["User-Agent"] = agent
    sign_in(phone, "ana")
    house.clock.advance(100)
    sign_in(sofa, "ana")
    house.clock.advance(100)
    page = get(phone, "/account")
    assert page.text.count("This one") == 1
    assert "Safari on iPad" in page.text
    assert "127.0.0.1" in page.text
    found = re.search(
        r'action="(/account/browsers/[\w-]+/sign-out)".{0,200}Sign out Safari on iPad', page.text, re.DOTALL
    )
    assert found
    page = press(phone, page, found[1])
    assert "Safari on iPad" not in page.text
    assert get(sofa, "/account").url.endswith("/sign-in")
    assert get(phone, "/account").url.endswith("/account")


def test_nobody_signs_anothers_browser_out(place: tuple[RunningHouse, MailServer]) -> None:
    house, _ = place
    phone, ben = Phone(house), Phone(house)
    sign_in(phone, "ana")
    sign_in(ben, "ben")
    [session] = house.do(house.app.house.store.sessions("account-ana"))
    page = get(ben, "/account")
    form = next(form for form in Forms(page.text).all if "/browsers/" in form.action)
    path = f"/account/browsers/{session.session_id}/sign-out"
    answer = ben.web.post(house.address + path, data=form.fields, headers={"Origin": house.address}, timeout=10)
    assert answer.status_code == 404
    assert get(phone, "/account").url.endswith("/account")


@pytest.mark.parametrize("devices", [False, True])
def test_sign_out_everywhere_means_it(place: tuple[RunningHouse, MailServer], devices: bool) -> None:
    house, _ = place
    held = house.sign_in()
    phones = [Phone(house), Phone(house)]
    for phone in phones:
        sign_in(phone, "ana")
    page = press(phones[0], get(phones[0], "/account"), "/account/sign-out", **({"devices": "yes"} if devices else {}))
    assert heading(page) == "Sign in"
    for phone in phones:
        assert get(phone, "/account").url.endswith("/sign-in")
    assert house.me(held).status_code == (401 if devices else 200)


def test_bcp_08_what_apps_got_in_a_browser_ends_with_its_sign_out(place: tuple[RunningHouse, MailServer]) -> None:
    house, _ = place
    held = tokens(house.poll(_approved(house)))
    family = house.do(house.app.house.store.families("account-ana"))[0]
    assert family.session_id == ""  # a device's sign-in is no browser's
    phone = house.phone()
    press(phone, get(phone, "/account"), "/account/sign-out")
    assert house.me(held).status_code == 200


def _approved(house: RunningHouse) -> dict[str, Any]:
    started = house.begin()
    house.phone().approve(started)
    return started
