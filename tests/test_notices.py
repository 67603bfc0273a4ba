"""The notice of a new device, by mail and to a webhook: what it says, and the one thing that its link does."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.letters.webhook import signature
from server.oauth.delivery import owed
from server.storage.kept import DELIVERIES
from tests.account_pages import get, heading, house_with_mail, press, sign_in
from tests.house import PASSWORD, Phone, RunningHouse, furnish, open_house
from tests.mail import MailServer, html, text
from tests.outbound_server import Elsewhere, open_elsewhere
from tests.waiting import wait_until

SECRET = "a-secret-of-the-operator-40-characters!!"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[RunningHouse, MailServer]]:
    with house_with_mail(tmp_path) as both:
        yield both


def test_a_new_device_is_told_by_mail_with_one_tap_to_sign_it_out(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    held = house.sign_in(device_name="<b>Sofa\u202e</b>")
    other = house.sign_in()
    told = mail.next()
    assert (told["to"], told["subject"]) == ("ana@example.com", "New device signed in: Aurora TV")
    assert told["auto-submitted"] == "auto-generated"
    assert "calls itself “<b>Sofa</b>”. We can't check" in text(told)
    assert "If this wasn't you, sign it out now" in text(told)
    assert "&lt;b&gt;Sofa&lt;/b&gt;" in html(told)
    assert "<b>Sofa" not in html(told)
    assert text(told).count("http") == 1  # no link that approves anything, none that is not needed
    mail._read -= 1
    link, stranger = mail.link(), Phone(house)
    for _ in range(2):  # a scanner of mails opens links: that changes nothing
        page = get(stranger, link)
        assert heading(page) == "Sign this device out?"
        assert house.me(held).status_code == 200
    page = press(stranger, page, link.rpartition("/")[2])
    assert heading(page) == "It is signed out"
    assert house.me(held).status_code == 401
    assert house.me(other).status_code == 200
    assert heading(get(stranger, link)) == "It is signed out"
    assert get(stranger, "/devices").url.endswith("/sign-in")  # it signed nobody in
    house.clock.advance(8 * 86_400)
    assert heading(get(stranger, link)) == "That link doesn't work any more"


def test_a_mail_that_is_not_taken_is_brought_again_later(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    mail.refusals += ["451 later", "451 later"]
    house.sign_in()
    for wait in (61, 301):
        wait_until(lambda: len(_owed(house)) == 1 and _owed(house)[0] > 0, 10)
        assert not mail.mails
        house.clock.advance(wait)
        house.do(house.app._box.empty())
        wait_until(lambda: mail.mails or _owed(house), 10)
    assert mail.next()["subject"] == "New device signed in: Aurora TV"
    wait_until(lambda: not _owed(house), 10)


def _owed(house: RunningHouse) -> list[int]:
    """How often each delivery that is left was tried."""

    async def look() -> list[int]:
        store = house.app.house.store
        return [
            each.tries
            for each in await store.group.ask(lambda connection: DELIVERIES.every(connection, DELIVERIES.select))  # type: ignore[attr-defined]
        ]

    return house.do(look())


def test_an_address_that_is_refused_for_good_is_given_up(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    mail.refusals += ["550 nobody here"]
    house.sign_in()
    wait_until(lambda: not mail.refusals, 10)
    house.do(house.app._box.empty())
    assert not mail.mails


def test_whoever_loses_an_address_reads_of_it_there(place: tuple[RunningHouse, MailServer]) -> None:
    """A thief who knows the password makes the address their own: the owner hears, where mail of ours still arrives."""
    house, mail = place
    thief = Phone(house)
    sign_in(thief, "ana")
    thief.submit(get(thief, "/account/email"), email="thief@example.com", current=PASSWORD)
    link = mail.link()
    press(thief, get(thief, link), link.rpartition("/")[2])
    told = mail.next()
    assert (told["to"], told["subject"]) == ("ana@example.com", "How you sign in to Porchlight was changed")


def test_a_mail_that_cannot_even_be_written_holds_up_no_other(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    now = house.clock()
    broken = [owed("sign_up", "=?utf-8?q?nobody?=@example.com", now, lasts_for=3_600_000) for _ in range(17)]
    good = owed("sign_up", "zoe@example.com", now, lasts_for=3_600_000)
    house.do(house.app.house.store.owe([*broken, good]))
    wait_until(lambda: mail.mails, 10)
    assert mail.recipients == ["zoe@example.com"]
    wait_until(lambda: _owed(house) == [1] * 17, 10)


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Elsewhere]:
    with open_elsewhere(tmp_path) as there:
        yield there


def test_a_webhook_is_told_and_can_check_who_tells_it(tmp_path: Path, hook: Elsewhere) -> None:
    settings = {"notice_webhook": f"{hook.origin}/told", "notice_secret": SECRET, "outbound_private": True}
    hook.answer = lambda asked: (500 if len(hook.asked) == 1 else 204, {}, b"")
    with open_house(tmp_path, outbound_ca=hook.ca, **settings) as house:
        furnish(house)
        held = house.sign_in(device_name="Sofa")
        wait_until(lambda: len(hook.asked) == 1, 10)
        house.clock.advance(61)
        house.do(house.app._box.empty())
        wait_until(lambda: len(hook.asked) == 2, 10)
        first, asked = hook.asked
        assert (asked.method, asked.path) == ("POST", "/told")
        assert first.headers["webhook-id"] == asked.headers["webhook-id"]
        made = signature(SECRET, asked.headers["webhook-id"], asked.headers["webhook-timestamp"], asked.body)
        assert asked.headers["webhook-signature"] == made
        said = json.loads(asked.body)
        assert said["type"] == "device.signed_in"
        assert said["data"]["account"]["username"] == "ana"
        assert (said["data"]["device"]["app"], said["data"]["device"]["claimed_name"]) == ("Aurora TV", "Sofa")
        phone = Phone(house)
        page = get(phone, said["data"]["sign_out_url"])
        press(phone, page, page.url.rpartition("/")[2])
        assert house.me(held).status_code == 401
