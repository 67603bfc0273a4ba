"""Making an account, through the front door of a real server with a real mail server beside it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.oauth.link import Link
from server.oauth.secret import digest
from tests.account_pages import NEW, ask, get, heading, house_with_mail, sign_in
from tests.forms import Forms
from tests.house import Phone, RunningHouse, browser, furnish, open_house
from tests.mail import MailServer, text


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[RunningHouse, MailServer]]:
    with house_with_mail(tmp_path) as both:
        yield both


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
