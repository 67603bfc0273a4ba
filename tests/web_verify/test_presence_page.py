"""The proof of presence on the page: what is asked, in what order, and how it is answered without scripts."""

from dataclasses import replace

import pytest

from tests.browser import OpenPhone
from tests.web_verify.memory_desk import ASKING, NOW, PASSWORD, SCOPES
from tests.web_verify.porch import Phone, Porch
from web_verify.desk import Problem

NUMBERS = ("12", "47", "80")
PICK = replace(ASKING, proof="pick", choices=NUMBERS, opens=3)
TYPE = replace(ASKING, proof="type", same_network=False, opens=3)
PLAIN = replace(ASKING, proof="code", same_network=False)
FAR = replace(TYPE, notice="far", place="Nigeria", phone_place="Spain", must_sign_in=True, sure="1")


def asked(porch: Porch, asking: object, query: str = "") -> tuple[Phone, str]:
    porch.desk.asking["WDJBMJHT"] = asking  # type: ignore[assignment]
    phone = porch.visitor().sign_in()
    answer = phone.open("/D/WDJBMJHT" + query)
    assert answer.status_code == 200, answer.headers
    return phone, answer.text


def test_xd_19_three_numbers_and_no_first(porch: Porch) -> None:
    phone, page = asked(porch, PICK)
    places = [page.index('value="deny"'), *(page.index(f'name="match" value="{number}"') for number in NUMBERS)]
    assert places == sorted(places)
    assert "autofocus" not in page.partition("<main")[2]
    assert 'value="approve"' not in page, "there is no way past the number"
    answer = phone.submit("/D/WDJBMJHT", ("match", "47"), ("opens", "3"))
    assert answer.status_code == 303
    assert porch.desk.shown == ("47", 3)


def test_xd_19_two_digits_are_typed_in_a_form_that_enter_sends(porch: Porch) -> None:
    phone, page = asked(porch, TYPE)
    assert page.index('value="deny"') < page.index('name="match"') < page.index('value="approve"')
    assert 'inputmode="numeric"' in page
    phone.submit("/D/WDJBMJHT", ("match", " 47 "), ("opens", "3"), ("decision", "approve"))
    assert porch.desk.shown == ("47", 3)


def test_a_plain_device_is_proven_by_its_code_which_the_page_does_not_hold(porch: Porch) -> None:
    phone, page = asked(porch, PLAIN)
    assert "WDJB-MJHT" not in page
    assert "Read it from the screen in front of you, not from a message." in page
    phone.submit("/D/WDJBMJHT", ("seen", "wdjb mjht"), ("decision", "approve"))
    assert porch.desk.shown == ("wdjb mjht", None)


def test_far_away_there_is_a_page_before_whose_button_says_no(porch: Porch) -> None:
    phone, page = asked(porch, FAR)
    assert "It asked from <bdi>Nigeria</bdi>. You are in <bdi>Spain</bdi>." in page
    assert page.index('value="deny"') < page.index("?sure=1")
    assert 'name="match"' not in page
    assert 'value="approve"' not in page
    answer = phone.open("/D/WDJBMJHT?sure=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?code=WDJBMJHT&again=1")
    form = phone.open(answer.headers["location"])
    assert form.status_code == 200, "being signed in is not enough"
    credentials = (("code", "WDJBMJHT"), ("again", "1"), ("username", "ana"), ("password", PASSWORD))
    assert phone.submit("/sign-in", *credentials).headers["location"] == "/D/WDJBMJHT?sure=1"
    assert "let_go" in porch.desk.calls, "whoever signs in now may be somebody else"


def test_what_is_not_given_from_afar_and_until_when_is_said(porch: Porch) -> None:
    near = replace(TYPE, scopes=SCOPES[:1], kept_back=SCOPES[1:], lasts_for=86_400_000)
    _, page = asked(porch, near)
    kept = page.index("because it is not close to you")
    assert page.index(SCOPES[0].sentence) < kept < page.index(SCOPES[1].sentence)
    assert "It ends at the latest on" in page


@pytest.mark.parametrize("header", [{"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}])
def test_a_program_that_looks_ahead_does_not_open_the_code(porch: Porch, header: dict[str, str]) -> None:
    porch.desk.asking["WDJBMJHT"] = PICK
    phone = porch.visitor().sign_in()
    assert phone.open("/D/WDJBMJHT", headers=header).status_code == 200
    assert "open" not in porch.desk.calls
    phone.open("/D/WDJBMJHT")
    assert "open" in porch.desk.calls


def test_a_stranger_opens_nothing(porch: Porch) -> None:
    assert porch.visitor().open("/D/WDJBMJHT").status_code == 303
    assert "open" not in porch.desk.calls


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [("shared", 403, "Two people opened the same code"), ("blocked", 403, "We stopped this request")],
)
def test_what_was_stopped_is_said(porch: Porch, why: str, status: int, words: str) -> None:
    porch.desk.problems["WDJBMJHT"] = Problem(why)  # type: ignore[arg-type]
    answer = porch.visitor().sign_in().open("/D/WDJBMJHT")
    assert (answer.status_code, words in answer.text) == (status, True)


def test_xd_08_this_was_not_me_is_on_the_page_afterwards(porch: Porch) -> None:
    phone, _ = asked(porch, ASKING)
    phone.submit("/D/WDJBMJHT", ("decision", "approve"))
    assert 'name="report" value="not_me"' in phone.open("/D/WDJBMJHT").text
    assert phone.submit("/D/WDJBMJHT", ("report", "not_me")).status_code == 303
    page = phone.open("/D/WDJBMJHT").text
    assert "signed out at once" in page
    assert 'name="report"' not in page
    other = porch.visitor().sign_in()
    assert other.submit("/D/QQQQZZZZ", ("report", "not_me")).status_code == 404


@pytest.mark.parametrize("scripts", [True, False])
def test_xd_16_with_three_numbers_enter_says_no_and_every_target_is_large(
    porch: Porch, phone: OpenPhone, scripts: bool
) -> None:
    porch.desk.asking["WDJBMJHT"] = PICK
    for width in (320, 390):
        page = phone(java_script_enabled=scripts, viewport={"width": width, "height": 844}).new_page()
        porch.desk.decided.clear()
        page.goto(porch.url + "/sign-in?code=WDJBMJHT")
        page.fill("[autocomplete~=username]", "ana")
        page.fill("[autocomplete=current-password]", PASSWORD)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        boxes = [each.bounding_box() for each in page.locator(".answers button").all()]
        assert all(box and box["height"] >= 60 and box["width"] >= 48 for box in boxes)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.click("text=Allow less")
        page.focus("[name=leave_out] >> nth=0")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert porch.desk.decided["WDJBMJHT"][1].approved is False


def test_with_a_field_enter_sends_the_digits_and_an_empty_one_sends_nothing(porch: Porch, phone: OpenPhone) -> None:
    porch.desk.asking["WDJBMJHT"] = replace(TYPE, expires_at=NOW + 580_000)
    page = phone(java_script_enabled=False).new_page()
    page.goto(porch.url + "/sign-in?code=WDJBMJHT")
    page.fill("[autocomplete~=username]", "ana")
    page.fill("[autocomplete=current-password]", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.focus("#proof")
    page.keyboard.press("Enter")
    assert not porch.desk.decided
    page.keyboard.type("47")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert porch.desk.decided["WDJBMJHT"][1].approved is True
    assert porch.desk.shown == ("47", 3)
