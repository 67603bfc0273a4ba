"""RFC 10027 (BCP 247): the presence ladder through the front door. Device and phone ask from where a proxy says."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.ladder import (
    ABROAD,
    BROWSER,
    CLOUD,
    DAY,
    HOME,
    MOBILE,
    Device,
    answer,
    events,
    go_on,
    lasts_for,
    numbers,
    open_ladder,
    phone_at,
    way_on,
)
from tests.conformance.wire import refused, tokens, type_code
from tests.dpop import Key
from tests.forms import Forms
from tests.house import PASSWORD, SECRET, RunningHouse


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_ladder(tmp_path_factory.mktemp("house")) as running:
        yield running


def test_xd_02_the_browser_that_asks_is_told_that_codes_are_for_a_second_device(house: RunningHouse) -> None:
    device, phone = Device(house, shows=False), phone_at(house)
    device.headers["User-Agent"] = phone.web.headers["User-Agent"] = BROWSER
    page = phone.open(device.begin())
    assert "You seem to be on the device itself" in page.text
    assert "Yes, sign it in" not in page.text
    assert "on a screen in front of you" in go_on(phone, page).text
    assert "Stopped" in answer(phone, page, "decision", decision="deny").text
    assert device.end() == "access_denied"
    device.headers["User-Agent"] = "aurora-tv/1.0"
    assert "on the device itself" not in phone.open(device.begin()).text


def test_xd_03_in_the_same_network_a_plain_client_needs_one_tap(house: RunningHouse) -> None:
    device, phone = Device(house, shows=False), phone_at(house)
    page = phone.open(device.begin())
    assert "on a screen in front of you" in page.text
    assert not numbers(page.text)
    assert "connected" in phone.submit(page, decision="approve").text
    assert set(device.tokens()["scope"].split()) >= {"profile", "readings:write"}
    assert lasts_for(house) > 400 * DAY


def test_xd_19_in_the_same_network_the_number_on_the_device_is_one_of_three(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    page = phone.open(device.begin())
    offered = numbers(page.text)
    assert len(offered) == 3
    assert page.text.index('value="deny"') < page.text.index('name="match"'), "no comes first, and is what Enter does"
    assert device.number in offered
    assert "connected" in phone.submit(page, match=device.number).text
    assert device.tokens()["access_token"]


def test_xd_19_the_number_is_drawn_when_the_phone_opens_the_page_and_anew_each_time(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    phone.open(device.begin())
    house.clock.advance(6)
    first = device.poll().json()
    assert (set(first), first["opened"]) == ({"error", "match", "opened", "expires_in"}, True)
    drawn = set()
    for _ in range(12):
        phone.open(device.started)
        drawn.add(device.number)
    assert len(drawn) > 3
    plain = Device(house, shows=False)
    phone.open(plain.begin())
    assert "match" not in plain.poll().json(), "a plain client hears nothing that it did not ask for"


def test_xd_19_a_wrong_number_stops_it_for_good(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    page = phone.open(device.begin())
    right = device.number
    wrong = next(each for each in numbers(page.text) if each != right)
    stopped = phone.submit(page, match=wrong)
    assert "That was not the number on the device" in stopped.text
    assert "Stopped" in answer(phone, page, "match", match=right).text
    assert device.end() == "access_denied"
    assert events(house, "wrong_number")


def test_xd_19_no_weaker_proof_than_was_asked_for_is_taken(house: RunningHouse) -> None:
    for address in (HOME, MOBILE):
        device, phone = Device(house), phone_at(house, address)
        page = phone.open(device.begin())
        for typed in ({"decision": "approve"}, {"decision": "approve", "seen": device.started["user_code"]}):
            refusal = answer(phone, page, "match", **typed)
            assert refusal.status_code == 400
            assert "Something is missing" in refusal.text
        assert device.end() == "authorization_pending"


def test_xd_19_an_answer_to_an_older_page_shows_the_new_one_and_decides_nothing(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    old = phone.open(device.begin())
    phone.open(device.started)
    again = phone.submit(old, match=device.number)
    assert len(numbers(again.text)) == 3
    assert "connected" in phone.submit(again, match=device.number).text


def test_xd_03_in_another_network_the_number_is_typed(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house, MOBILE)
    page = phone.open(device.begin())
    assert not numbers(page.text)
    assert "Different network from this phone" in page.text
    assert "near <bdi>Spain</bdi>" in page.text
    number = device.number
    assert number not in Forms(page.text).with_control("match").fields.values()
    done = answer(phone, page, "match", match=f" {number[0]} {number[1]}", decision="approve")
    assert "connected" in done.text
    assert "readings:write" in device.tokens()["scope"]
    assert lasts_for(house) == 30 * DAY


def test_xd_03_a_device_that_shows_no_number_is_compared_by_its_whole_code(house: RunningHouse) -> None:
    device, phone = Device(house, shows=False), phone_at(house, MOBILE)
    code = device.begin()["user_code"]
    page = phone.open(device.started)
    assert code not in page.text, "the code of the link is not on the page"
    assert answer(phone, page, "seen", decision="approve", seen="BCDF-GHJK").status_code == 400
    assert answer(phone, page, "seen", decision="approve").status_code == 400
    assert "connected" in answer(phone, page, "seen", decision="approve", seen=code.lower()).text
    held = device.tokens()
    assert "readings:write" not in held["scope"], "a code can be copied from a mail: it is worth less"
    assert "readings:read" in held["scope"]


@pytest.mark.parametrize("address", [ABROAD, CLOUD])
def test_xd_03_a_device_that_is_far_away_needs_a_fresh_sign_in(house: RunningHouse, address: str) -> None:
    device, phone = Device(house, address), phone_at(house, MOBILE)
    phone.open(house.begin())  # a session that is older than what the device asks
    house.clock.advance(60)
    page = phone.open(device.begin())
    assert "This device is far from you" in page.text
    if address == ABROAD:
        assert "It asked from <bdi>Nigeria</bdi>. You are in <bdi>Spain</bdi>." in page.text
    page = go_on(phone, page)
    assert "/sign-in" in page.url, "a warm session is not enough"
    page = phone.submit(page, username="ana", password=PASSWORD)
    assert "Type the number on your device" in page.text
    assert "connected" in answer(phone, page, "match", match=device.number, decision="approve").text
    assert "readings:write" not in device.tokens()["scope"]
    assert lasts_for(house) == DAY


def test_xd_03_what_a_near_phone_was_asked_does_not_approve_on_a_far_one(house: RunningHouse) -> None:
    device, near, far = Device(house, shows=False), phone_at(house), phone_at(house, ABROAD)
    warned = far.open(device.begin())
    assert "This device is far from you" in warned.text
    near.open(device.started)
    sent = Forms(warned.text).with_control("decision").fields | {"decision": "approve"}
    for opens in ({}, {"opens": "1"}):
        page = far.web.post(device.started["verification_uri_complete"], sent | opens, timeout=10)
        assert "This device is far from you" in page.text
        near.open(device.started)
    assert device.end() == "authorization_pending"


@pytest.mark.parametrize("link", ["{0}?sure=1", "{1}/sign-in?code={2}&again=1"])
def test_xd_03_a_mailed_link_does_not_skip_the_page_before(house: RunningHouse, link: str) -> None:
    device, phone = Device(house, ABROAD), phone_at(house, MOBILE)
    phone.open(house.begin())  # signed in a moment ago
    begun = device.begin()
    page = phone.web.get(link.format(begun["verification_uri_complete"], house.address, begun["user_code"]), timeout=10)
    if "/sign-in" in page.url:
        page = phone.submit(page, username="ana", password=PASSWORD)
    assert "This device is far from you" in page.text
    assert 'value="approve"' not in page.text
    assert "Type the number" in go_on(phone, page).text, "whoever read it goes on"
    other = Device(house, ABROAD)
    other.begin()
    way = way_on(page).replace(begun["user_code"].replace("-", ""), other.started["user_code"].replace("-", ""))
    assert "This device is far from you" in phone.web.get(house.address + way, timeout=10).text


def test_xd_03_a_warm_session_cannot_post_its_way_past_the_sign_in(house: RunningHouse) -> None:
    device, phone = Device(house, ABROAD), phone_at(house)
    home = Device(house)
    form = Forms(phone.open(home.begin()).text).with_control("match").fields
    house.clock.advance(60)
    phone.open(device.begin())
    sent = {**form, "opens": "1", "match": device.number, "decision": "approve"}
    page = phone.web.post(device.started["verification_uri_complete"], sent, timeout=10)
    assert "This device is far from you" in page.text
    assert device.end() == "authorization_pending"


def test_xd_05_the_one_who_opened_a_code_may_look_again_and_use_another_account(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    phone.open(device.begin())
    page = phone.open(device.started)
    assert page.status_code == 200
    left = answer(phone, page, "code")  # the form of "Use another account"
    assert "/sign-in" in left.url
    phone.username = "ben"
    page = phone.submit(left, username="ben", password=PASSWORD)
    assert "connected" in phone.submit(page, match=device.number).text
    assert house.me(device.tokens()).json()["username"] == "ben"


def test_xd_05_and_xd_06_a_code_that_two_people_open_is_stopped_for_both(house: RunningHouse) -> None:
    device, ana, ben = Device(house), phone_at(house), phone_at(house, MOBILE, "ben")
    page = ana.open(device.begin())
    number = device.number
    second = ben.open(device.started)
    assert second.status_code == 403
    assert "Two people opened the same code" in second.text
    assert "Ana" not in second.text
    assert ana.submit(page, match=number).status_code == 403
    assert device.end() == "access_denied"
    assert events(house, "stopped")[0].detail == "a second account opened the code"


def test_xd_05_after_five_minutes_a_code_is_nobodys_again(house: RunningHouse) -> None:
    device, ana, ben = Device(house), phone_at(house), phone_at(house, HOME, "ben")
    ana.open(device.begin())
    house.clock.advance(301)
    assert len(numbers(ben.open(device.started).text)) == 3


def test_xd_04_an_opened_code_stands_still_and_ends_after_a_quarter_of_an_hour(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    house_code_for = device.begin()["expires_in"]
    house.clock.advance(house_code_for - 10)
    phone.open(device.started)
    house.clock.advance(6)
    assert device.poll().json()["expires_in"] == 294
    for _ in range(4):
        house.clock.advance(100)
        page = phone.open(device.started)
    assert page.status_code == 410
    assert device.end() == "expired_token"


def test_xd_08_this_was_not_me_ends_everything_and_raises_an_alert(
    house: RunningHouse, caplog: pytest.LogCaptureFixture
) -> None:
    device, phone = Device(house), phone_at(house)
    page = phone.submit(phone.open(device.begin()), match=device.number)
    held = device.tokens()
    said = answer(phone, page, "report", report="not_me")
    assert "signed out at once" in said.text
    refused(house.refresh(held), "invalid_grant")
    introspected = house.post("/introspect", {"token": held["access_token"]}, auth=("backend", SECRET))
    assert introspected.json() == {"active": False}
    assert house.me(held).status_code == 401
    assert events(house, "reported")[0].account_id == "account-ana"
    assert "reported as abused" in caplog.text


def test_xd_08_a_report_before_the_tokens_are_collected_lets_none_be(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    page = phone.submit(phone.open(device.begin()), match=device.number)
    answer(phone, page, "report", report="not_me")
    assert device.end() == "access_denied"
    assert answer(phone_at(house), page, "report", report="not_me").status_code in (403, 404), (
        "only whoever approved it"
    )


def test_xd_08_a_device_in_the_list_can_be_reported_too(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house, username="ben")
    phone.submit(phone.open(device.begin()), match=device.number)
    held = device.tokens()
    page = phone.web.get(house.issuer + "/devices", timeout=10)
    form = next(form for form in Forms(page.text).all if form.action.endswith("/not-me"))
    assert phone.web.post(house.issuer + form.action, form.fields, timeout=10).status_code == 200
    assert house.me(held).status_code == 401
    assert events(house, "reported")[0].account_id == "account-ben"


def test_xd_09_a_device_that_is_known_by_its_key_needs_a_button_at_home(house: RunningHouse) -> None:
    key = Key()
    house.do(house.app.house.store.add_device_keys("tv", [key.jkt], house.clock(), events=()))
    device, phone = Device(house, key=key), phone_at(house)
    page = phone.open(device.begin())
    assert not numbers(page.text)
    assert "match" not in device.poll().json(), "the device is told that the phone is there, and no number"
    assert "connected" in phone.submit(page, decision="approve").text
    away = Device(house, key=key)
    assert len(numbers(phone_at(house, MOBILE).open(away.begin()).text)) == 3, "elsewhere one step more"


def test_xd_08_a_key_that_a_person_knows_needs_less_and_one_they_reported_is_stopped(house: RunningHouse) -> None:
    key, home, away = Key(), phone_at(house), phone_at(house, MOBILE)
    device = Device(house, key=key)
    page = home.open(device.begin())
    page = home.submit(page, match=device.number)
    device.tokens()
    again = Device(house, key=key)
    assert len(numbers(away.open(again.begin()).text)) == 3, "one of three, though in another network"
    answer(home, page, "report", report="not_me")
    once_more = Device(house, key=key)
    assert home.open(once_more.begin()).status_code == 403
    assert once_more.end() == "access_denied"
    other = phone_at(house, HOME, "ben")
    assert other.open(Device(house, key=key).begin()).status_code == 200, "it is between this person and that device"


def test_xd_15_the_pages_say_that_codes_are_never_sent(house: RunningHouse) -> None:
    phone = phone_at(house)
    assert "We never send codes by message, email or phone." in phone.web.get(house.issuer + "/device", timeout=10).text
    for address in (HOME, MOBILE):
        page = phone_at(house, address).open(Device(house).begin())
        assert "Got this code in a message, email or call? It's a scam." in page.text


def test_xd_16_a_claimed_name_that_misleads_is_not_shown(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    device.begin(device_name="Micr\u043esoft\u202e security https://evil.example")
    page = phone.open(device.started).text
    assert "It gives a name that could mislead you" in page
    for word in ("soft", "security", "evil.example", "\u202e"):
        assert word not in page
    device.begin(device_name="Kitchen \U0001f389")
    assert "It calls itself “<bdi>Kitchen</bdi>”" in phone.open(device.started).text


def test_xd_19_a_typed_code_leads_to_the_same_proof(house: RunningHouse) -> None:
    device, phone = Device(house), phone_at(house)
    phone.open(house.begin())
    page = type_code(phone, device.begin()["user_code"])
    assert len(numbers(page.text)) == 3
    assert tokens(device_approved(phone, page, device))["access_token"]


def device_approved(phone: Any, page: Any, device: Device) -> Any:
    phone.submit(page, match=device.number)
    device.house.clock.advance(6)
    return device.poll()
