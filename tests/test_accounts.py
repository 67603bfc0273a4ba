"""A person's own account, through the front door of a real server with a real mail server beside it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from server.oauth.link import Link
from server.oauth.secret import digest
from tests.conformance.wire import StoppedClock, tokens
from tests.forms import Forms
from tests.house import PASSWORD, Phone, RunningHouse, browser, furnish, open_house
from tests.mail import MailServer, mail_server, text

NEW = "four words nobody puts together"
ROOMY: dict[str, Any] = {"tries_per_network": 1_000, "mails_per_network": 1_000}


@contextmanager
def house_with_mail(tmp_path: Path, **settings: Any) -> Iterator[tuple[RunningHouse, MailServer]]:
    with mail_server() as mail:
        chosen = {"registration": "open", "smtp_url": mail.url, "mail_from": "Porchlight <tv@example.com>"}
        with open_house(tmp_path, clock=StoppedClock(), **(chosen | ROOMY | settings)) as house:
            furnish(house)
            give_address(house, "ana", "ana@example.com")
            yield house, mail


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[RunningHouse, MailServer]]:
    with house_with_mail(tmp_path) as both:
        yield both


def give_address(house: RunningHouse, username: str, email: str) -> None:
    account = house.do(house.app.house.store.find_account_by_username(username))
    assert account is not None
    house.do(house.app.house.store.change_account(replace(account, email=email, is_email_verified=True)))


def get(phone: Phone, path: str) -> requests.Response:
    address = path if path.startswith("http") else phone.house.address + path
    return phone.web.get(address, timeout=20)


def ask(phone: Phone, path: str, email: str) -> requests.Response:
    return phone.submit(get(phone, path), email=email)


def sign_in(phone: Phone, username: str, password: str = PASSWORD) -> requests.Response:
    return phone.submit(get(phone, "/sign-in"), username=username, password=password)


def heading(page: requests.Response) -> str:
    found = re.search(r"<h1>(?:<svg.*?</svg>)?(?:<span>)?(.*?)<", page.text, re.DOTALL)
    assert found, page.text
    return found[1].replace("&#39;", "'")


def press(phone: Phone, page: requests.Response, action: str, **typed: str) -> requests.Response:
    """Send the form that leads there."""
    form = next(form for form in Forms(page.text).all if form.action.endswith(action))
    return phone.web.post(
        requests.compat.urljoin(page.url, form.action),
        data=form.fields | typed,
        headers={"Origin": phone.house.address},
        timeout=20,
    )


def test_somebody_new_joins_by_mail_and_comes_back_to_the_device(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    phone, started = Phone(house), house.begin()
    page = phone.web.get(started["verification_uri_complete"], timeout=20)
    page = get(phone, re.findall(r'href="(/sign-up\?code=\w+)"', page.text)[0])
    page = phone.submit(page, email=" Zoe@Example.com ")
    assert heading(page) == "Look at your mail"
    assert "you go on with what you began" in page.text
    link = mail.link()
    assert mail.recipients == ["zoe@example.com"]
    assert started["user_code"].replace("-", "") not in link
    assert started["user_code"] not in text(mail.mails[0])
    for _ in range(2):
        page = get(phone, link)
        assert heading(page) == "Make your account"
    page = phone.submit(page, username="Zoe", name="Zoe Roe", password=NEW)
    assert heading(page) == "Is this your device?"
    account = house.do(house.app.house.store.find_account_by_username("zoe"))
    assert account is not None
    assert (account.name, account.email, account.is_email_verified) == ("Zoe Roe", "zoe@example.com", True)
    assert heading(get(Phone(house), link)) == "That link doesn't work any more"
    assert sign_in(Phone(house), "ZOE@example.com", NEW).url.endswith("/devices")


def test_another_browser_that_opens_the_link_has_no_errand(place: tuple[RunningHouse, MailServer]) -> None:
    """Whoever types your address into a form while their own device waits does not lead you to it."""
    house, mail = place
    mallory, zoe, started = Phone(house), Phone(house), house.begin()
    page = mallory.web.get(started["verification_uri_complete"], timeout=20)
    ask(mallory, re.findall(r'href="(/sign-up\?code=\w+)"', page.text)[0], "zoe@example.com")
    page = zoe.submit(get(zoe, mail.link()), username="zoe", password=NEW)
    assert page.url.endswith("/devices")
    assert house.poll(started).json()["error"] == "authorization_pending"


@pytest.mark.parametrize("path", ["/sign-up", "/reset"])
def test_nobody_learns_who_has_an_account(place: tuple[RunningHouse, MailServer], path: str) -> None:
    house, mail = place
    seen = set()
    for email in ("ana@example.com", "nobody@example.com"):
        page = ask(Phone(house), path, email)
        token = Forms(get(Phone(house), path).text).with_control("email").fields["form_token"][0]
        said = re.sub(r"Request [\w-]+", "", page.text.replace(email, "").replace(token, ""))
        seen.add((page.status_code, page.url, said))
    assert len(seen) == 1
    first = mail.next()
    assert first["to"] == "ana@example.com"
    if path == "/sign-up":
        assert "You have one already" in text(first)
        assert mail.next()["to"] == "nobody@example.com"
    else:
        assert "for ana at Porchlight" in text(first)
        house.do(house.app._box.empty())
        assert len(mail.mails) == 1


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


def test_a_link_is_used_once_by_many_at_once(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    ask(Phone(house), "/sign-up", "zoe@example.com")
    link = mail.link()
    pages = [(phone := Phone(house), get(phone, link)) for _ in range(4)]
    ends = [phone.submit(page, username=f"zoe{n}", password=NEW) for n, (phone, page) in enumerate(pages)]
    assert [end.url.endswith("/devices") for end in ends] == [True, False, False, False]
    assert {heading(end) for end in ends[1:]} == {"That link doesn't work any more"}


def test_letter_boxes_are_not_filled_by_strangers(place: tuple[RunningHouse, MailServer]) -> None:
    house, _ = place
    statuses = [ask(Phone(house), "/reset", "ana@example.com").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert [ask(Phone(house), "/reset", "nobody@example.com").status_code for _ in range(4)] == statuses
    house.clock.advance(3_600)
    assert ask(Phone(house), "/reset", "ana@example.com").status_code == 200


def test_one_network_asks_for_so_many_mails(tmp_path: Path) -> None:
    with house_with_mail(tmp_path, mails_per_network=3) as (house, _):
        answers = [ask(Phone(house), "/sign-up", f"p{n}@example.com") for n in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["retry-after"] == "3600"
        assert "Too many tries. Wait 60 minutes" in answers[-1].text


FAULTS: tuple[tuple[dict[str, str], str], ...] = (
    ({"password": "short"}, "That password is too short. It has 15 characters or more."),
    ({"password": "a" * 1_025}, "That password is too long."),
    ({"password": "aaaaaaaaaaaaaaaaaaaa"}, "Thieves know that password"),
    ({"password": "zoe.doe-Porchlight"}, "little more than a name"),
    ({"username": "ana"}, "That name is taken."),
    ({"username": "ANA"}, "That name is taken."),
    ({"username": "ana@example.com"}, "A user name has 2 to 40 letters"),
    ({"username": "two words"}, "A user name has 2 to 40 letters"),
    ({"username": ""}, "Type a user name."),
    ({"username": "ａna2"}, "A user name has 2 to 40 letters"),
    ({"name": "x" * 61}, "Your name has 60 characters at most."),
)


def test_what_cannot_be_chosen_is_said_and_the_link_still_works(place: tuple[RunningHouse, MailServer]) -> None:
    house, mail = place
    phone = Phone(house)
    ask(phone, "/sign-up", "zoe.doe@example.com")
    link = mail.link()
    for typed, said in FAULTS:
        page = phone.submit(get(phone, link), **({"username": "zoe", "name": "Zoe", "password": NEW} | typed))
        assert page.status_code == 400, typed
        assert said in page.text
        assert NEW not in page.text
    assert phone.submit(get(phone, link), username="zoe", password=NEW).url.endswith("/devices")


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


def test_an_invitation_works_where_sign_up_is_closed_and_proves_no_address_by_itself(tmp_path: Path) -> None:
    with house_with_mail(tmp_path, registration="invited") as (house, _):
        now, phone = house.clock(), Phone(house)
        assert get(phone, "/sign-up").status_code == 404
        assert "/sign-up" not in get(phone, "/sign-in").text
        for purpose, works in (("invitation", True), ("sign_up", False)):
            link = Link(digest("link", purpose), purpose, now, now + 1_000, email=f"{purpose}@example.com")  # type: ignore[arg-type]
            house.do(house.app.house.store.add_link(link))
            assert (get(phone, f"/join/{purpose}").status_code == 200) is works
        page = phone.submit(get(phone, "/join/invitation"), username="zoe", password=NEW)
        assert page.url.endswith("/devices")
        assert "not confirmed" in get(phone, "/account").text


def test_where_nobody_may_join_and_no_mail_is_sent_the_pages_say_nothing_of_it(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        furnish(house)
        phone = Phone(house)
        page = get(phone, "/sign-in").text
        assert "/sign-up" not in page
        assert "/reset" not in page
        for path in ("/sign-up", "/reset", "/account/email"):
            assert get(phone, path).status_code == 404
        for path in ("/join/x", "/reset/x", "/notice/x"):
            assert get(phone, path).status_code == 410
        sign_in(phone, "ana")
        assert get(phone, "/account").status_code == 200


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


def test_no_secret_of_a_link_is_kept_or_logged(
    place: tuple[RunningHouse, MailServer], caplog: pytest.LogCaptureFixture
) -> None:
    house, mail = place
    ask(Phone(house), "/reset", "ana@example.com")
    secret = mail.link().rpartition("/")[2]
    with browser() as web:
        web.get(f"{house.address}/reset/{secret}", timeout=10)
    kept = b"".join(path.read_bytes() for path in Path(house.app.house.settings.data_dir).iterdir())
    assert secret.encode() not in kept
    assert secret not in caplog.text
