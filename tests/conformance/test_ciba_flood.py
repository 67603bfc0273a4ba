"""Nobody is flooded with prompts, and no server is sent where it must not go (CIBA Core section 14)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.backchannel import App, add_app, answer, inbox, links, look, somebody
from tests.conformance.wire import StoppedClock, at_once, refused, tokens
from tests.house import SECRET, Phone, RunningHouse, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """Six prompts an hour for a person, three of one app."""
    with open_house(tmp_path_factory.mktemp("flood"), clock=StoppedClock(), prompts_per_hour=6) as running:
        for client_id in ("till", "door", "lamp"):
            add_app(running, client_id, name=client_id.title())
        yield running


@pytest.fixture
def person(house: RunningHouse) -> Iterator[Phone]:
    phone = somebody(house)
    yield phone
    phone.web.close()


def test_ciba_14_one_request_of_an_app_waits_at_a_time(house: RunningHouse, person: Phone) -> None:
    till = App(house)
    begun = till.begin(person)
    again = refused(till.ask(person), "temporarily_unavailable", 429)
    assert again.headers["retry-after"] == "300"
    App(house, "door").begin(person)
    assert len(links(person)) == 2
    house.clock.advance(300)
    assert links(person) == [], "what has expired waits no more"
    till.begin(person)
    refused(till.poll(begun), "expired_token")


def test_ciba_14_of_twenty_at_once_one_is_put_before_the_person(house: RunningHouse, person: Phone) -> None:
    form = {"scope": "openid", "login_hint": person.username}
    url = house.address + "/bc-authorize"
    answers = at_once(lambda web, _: web.post(url, form, auth=("till", SECRET), timeout=40), 20)
    assert sorted(each.status_code for each in answers) == [200] + [429] * 19
    assert len(links(person)) == 1


def test_ciba_14_and_xd_13_a_person_is_asked_so_often_an_hour(house: RunningHouse, person: Phone) -> None:
    till, door, lamp = (App(house, name) for name in ("till", "door", "lamp"))
    for _ in range(3):
        till.begin(person)
        answer(person, "deny")
    mine = refused(till.ask(person), "temporarily_unavailable", 429)
    assert 0 < int(mine.headers["retry-after"]) <= 3_600
    for _ in range(3):
        door.begin(person)
        answer(person, "deny")
    refused(lamp.ask(person), "temporarily_unavailable", 429)
    assert till.ask(somebody(house)).status_code == 200, "it is counted by person"
    house.clock.advance(3_600)
    assert lamp.begin(person)


def test_ciba_14_whoever_did_not_ask_is_left_alone_for_a_day(house: RunningHouse, person: Phone) -> None:
    till = App(house)
    begun = till.begin(person)
    page = answer(person, "not_me")
    assert "Till can't ask you again until you let it" in page.text.replace("<bdi>", "").replace("</bdi>", "")
    refused(till.poll(begun), "access_denied")
    refused(till.ask(person), "access_denied", 403)
    assert App(house, "door").begin(person), "another app may still ask"
    house.clock.advance(86_400)
    assert till.begin(person)


def test_ciba_14_an_app_is_stopped_for_good_until_it_is_let(house: RunningHouse, person: Phone) -> None:
    till = App(house)
    till.begin(person)
    page = answer(person, "deny")
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    action = page.text.split('action="')[1].split('"')[0]
    headers = {"Origin": house.address}
    stopped = person.web.post(house.address + action, {"form_token": token}, headers=headers, timeout=40)
    assert "Apps you stopped" in stopped.text
    house.clock.advance(30 * 86_400 - 7_200)
    refused(till.ask(person), "access_denied", 403)
    person.submit(inbox(person), app="till")
    assert till.begin(person)


def test_ciba_14_the_devices_page_says_that_somebody_waits(house: RunningHouse, person: Phone) -> None:
    inbox(person)
    devices = house.address + "/devices"
    assert "for your answer" not in person.web.get(devices, timeout=40).text
    App(house).begin(person)
    assert "1 app waits for your answer" in person.web.get(devices, timeout=40).text
    page = look(person)
    person.submit(page, decision="approve")
    again = person.submit(page, decision="deny")
    assert "You said yes" in again.text, "an answer is final"
    assert "for your answer" not in person.web.get(devices, timeout=40).text


def test_ciba_14_nothing_is_decided_by_looking_nor_without_the_form_token(house: RunningHouse, person: Phone) -> None:
    till = App(house)
    begun = till.begin(person)
    page = look(person)
    assert person.web.post(page.url, {"decision": "approve"}, timeout=40).status_code == 403
    headers = {"Origin": "https://elsewhere.example"}
    assert person.web.post(page.url, {"decision": "approve"}, headers=headers, timeout=40).status_code == 403
    refused(till.poll(begun), "authorization_pending")
    assert person.submit(page, decision="maybe").status_code == 400
    person.submit(page, decision="approve")
    assert tokens(till.poll(begun))


def test_ciba_14_many_apps_together_cannot_try_every_code_of_a_person(tmp_path: Path) -> None:
    """Who may register apps has as many as they like: a person's code has a budget of its own, ten times an app's."""
    with open_house(tmp_path, clock=StoppedClock(), tries_per_account=1) as house:
        for number in range(11):
            add_app(house, f"app-{number}")
        ana, ben = somebody(house), somebody(house)
        for phone in (ana, ben):
            phone.submit(inbox(phone), request_code="2468")
        for number in range(10):
            refused(App(house, f"app-{number}").ask(ana, user_code=f"000{number}"), "invalid_user_code")
        last = App(house, "app-10")
        late = refused(last.ask(ana, user_code="2468"), "temporarily_unavailable", 429)
        assert 0 < int(late.headers["retry-after"]) <= 600
        assert last.ask(ben, user_code="2468").status_code == 200, "it is counted by person"
        house.clock.advance(600)
        assert last.ask(ana, user_code="2468").status_code == 200
