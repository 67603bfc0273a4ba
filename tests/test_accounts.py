"""A person's own account, its password and address, by the front door of a real server with a mail server beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.oauth.event import Sought
from tests.account_pages import NEW, ask, get, heading, house_with_mail, press, sign_in
from tests.house import PASSWORD, Phone, RunningHouse
from tests.mail import MailServer, text


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[RunningHouse, MailServer]]:
    with house_with_mail(tmp_path) as both:
        yield both


def test_a_forgotten_password_is_replaced_once_and_ends_every_browser(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    held = house.sign_in()
    assert mail.next()["subject"].startswith("New device")
    other, phone = Phone(house), Phone(house)
    sign_in(other, "ana")
    ask(phone, "/reset", "ana@example.com")
    link = mail.link()
    page = get(phone, link)
    assert heading(page) == "Choose a new password"
    page = phone.submit(page, password=NEW)
    assert heading(page) == "Your password is changed"
    assert heading(get(phone, link)) == "That link doesn't work any more"
    assert get(phone, "/devices").url.endswith("/sign-in")  # a link signs nobody in
    assert get(other, "/devices").url.endswith("/sign-in")
    assert house.me(held).status_code == 401  # ticked from the start: a reset may follow a theft
    assert house.refresh(held).json()["error"] == "invalid_grant"
    assert sign_in(Phone(house), "ana").status_code == 403
    assert sign_in(Phone(house), "ana", NEW).status_code == 200
    assert "has a new password" in text(mail.next())


def test_a_reset_link_lasts_half_an_hour_and_the_next_change_ends_it(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    links = []
    for _ in range(3):
        ask(Phone(house), "/reset", "ana@example.com")
        links.append(mail.link())
    phone = Phone(house)
    phone.submit(get(phone, links[0]), password=NEW)
    assert heading(get(phone, links[1])) == "That link doesn't work any more"
    house.clock.advance(3_601)
    ask(phone, "/reset", "ana@example.com")
    assert mail.next()["subject"] == "Your password at Porchlight was changed"
    late = mail.link()
    house.clock.advance(1_801)
    assert heading(get(phone, late)) == "That link doesn't work any more"


def test_a_password_is_changed_with_the_old_one_alone(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    held = house.sign_in()
    assert mail.next()["subject"].startswith("New device")
    other, phone = Phone(house), Phone(house)
    sign_in(other, "ana")
    sign_in(phone, "ana")
    before = phone.web.cookies["porchlight_session"]
    page = phone.submit(get(phone, "/account/password"), current="wrong", password=NEW)
    assert (page.status_code, "That is not your password" in page.text) == (400, True)
    page = phone.submit(page, current=PASSWORD, password=NEW)
    assert "Every other browser is signed out" in page.text
    assert phone.web.cookies["porchlight_session"] != before
    assert heading(get(phone, "/account")) == "My account"
    assert get(other, "/account").url.endswith("/sign-in")
    assert house.me(held).status_code == 200  # the TV goes on, unless somebody ticks the box
    assert "has a new password" in text(mail.next())
    page = phone.submit(get(phone, "/account/password"), current=NEW, password=PASSWORD, devices="yes")
    assert heading(page) == "Your password is changed"
    assert house.me(held).status_code == 401


def test_a_wrong_old_password_costs_what_a_wrong_sign_in_costs(tmp_path: Path) -> None:
    with house_with_mail(tmp_path, tries_per_account=3) as (house, _):
        phone = Phone(house)
        sign_in(phone, "ana")
        for path, typed in (("/account/password", {"password": NEW}), ("/account/email", {"email": "b@example.com"})):
            page = get(phone, path)
            answers = [phone.submit(page, current="wrong", **typed) for _ in range(4)]
            assert [answer.status_code for answer in answers][-1] == 429
            assert "retry-after" in answers[-1].headers
        assert sign_in(Phone(house), "ana").status_code == 429
        assert get(phone, "/account").status_code == 200


def test_an_address_counts_once_its_link_is_used_by_whoever_asked(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    phone, ben = Phone(house), Phone(house)
    sign_in(phone, "ana")
    sign_in(ben, "ben")
    page = phone.submit(get(phone, "/account/email"), email="new@example.com", current=PASSWORD)
    assert heading(page) == "Look at your mail"
    link = mail.link()
    assert "ana@example.com" in get(phone, "/account").text
    for stranger in (ben, Phone(house)):
        assert heading(get(stranger, link)) == "That link doesn't work any more"
    page = get(phone, link)
    assert "new@example.com" in page.text
    page = press(phone, page, link.rpartition("/")[2])
    assert heading(page) == "Your address is confirmed"
    assert "new@example.com" in get(phone, "/account").text
    assert sign_in(Phone(house), "new@example.com").status_code == 200
    assert sign_in(Phone(house), "ana@example.com").status_code == 403


def test_an_address_of_somebody_else_is_not_taken(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    ben = Phone(house)
    sign_in(ben, "ben")
    page = ben.submit(get(ben, "/account/email"), email="ana@example.com", current=PASSWORD)
    assert heading(page) == "Look at your mail"
    link = mail.link()
    page = press(ben, get(ben, link), link.rpartition("/")[2])
    assert heading(page) == "That link doesn't work any more"
    ana = house.do(house.app.house.store.find_account_by_email("ana@example.com"))
    assert ana is not None
    assert ana.username == "ana"


@pytest.mark.parametrize("first", ["ana", "ana@example.com"])
def test_a_person_has_one_budget_under_all_names_and_nobody_is_told(tmp_path: Path, first: str) -> None:
    """Two names are not twice as many passwords; and what is answered tells no stranger that both are one person's."""
    second = next(each for each in ("ana", "ana@example.com") if each != first)
    with house_with_mail(tmp_path, tries_per_account=4) as (house, _):
        said = {}
        for names in ((first, second), ("zoe", "zoe@example.com")):
            tries = [(name, f"wrong {number}") for name in names for number in range(3)]
            tries += [(names[1], PASSWORD), (names[1], PASSWORD)]
            answers = [sign_in(Phone(house), name, password) for name, password in tries]
            said[names[0]] = [answer.status_code for answer in answers]
        assert said[first] == said["zoe"] == [403] * 7 + [429]
        assert sign_in(Phone(house), first).status_code == 403, "not even the right one, under the other name"
        told = [each.event for each in house.do(house.app.house.store.events(Sought(what=("too_many_tries",)), 99))]
        assert {each.detail for each in told} == {"password", "password, under several names"}
        house.clock.advance(600)
        assert sign_in(Phone(house), first).url.endswith("/devices")
        assert sign_in(Phone(house), second).url.endswith("/devices")
