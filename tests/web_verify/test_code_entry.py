"""One forgiving field: what is typed goes to the desk as it is, and comes back as it was (RFC 8628 section 6.1)."""

import html

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web_verify.memory_desk import normal
from tests.web_verify.porch import Porch
from web_verify.desk import Problem, Why

SPELLINGS = (
    "WDJBMJHT",
    "WDJB-MJHT",
    "wdjb-mjht",
    "wdjb mjht",
    "  wdjb mjht  ",
    "WDJB\u00a0MJHT",
    "ＷＤＪＢ－ＭＪＨＴ",
    "https://tv.example.com/D/WDJBMJHT",
    "HTTPS://TV.EXAMPLE.COM/device?user_code=WDJB-MJHT",
)


@pytest.mark.parametrize("typed", SPELLINGS)
def test_dev_39_every_spelling_finds_the_same_request(porch: Porch, typed: str) -> None:
    visitor = porch.visitor()
    assert visitor.submit("/device", ("user_code", typed)).headers["location"] == "/D/WDJBMJHT"
    assert visitor.get(porch.url + "/device", params={"user_code": typed}, allow_redirects=False).status_code == 303


@pytest.mark.parametrize("path", ["/D/WDJBMJHT", "/d/wdjbmjht", "/D/WDJB-MJHT", "/d/Wdjb-mJHT/", "/D/%20WDJB%20MJHT"])
def test_dev_39_the_short_path_works_in_any_case(porch: Porch, path: str) -> None:
    page = porch.visitor().sign_in().open(path)
    assert page.status_code == 200
    assert "WDJB-MJHT" in page.text


def test_dev_12_the_complete_address_leads_to_the_codes_page_and_decides_nothing(porch: Porch) -> None:
    answer = porch.visitor().sign_in().open("/device?user_code=WDJB-MJHT")
    assert (answer.status_code, answer.headers["location"]) == (303, "/D/WDJBMJHT")
    assert not porch.desk.decided


PROBLEMS: tuple[tuple[Why, int, str, bool], ...] = (
    ("wrong", 404, "That code didn't work", True),
    ("expired", 410, "That code has expired", True),
    ("used", 409, "This code was used already", True),
    ("denied", 409, "Stopped", True),
    ("too_many", 429, "Too many tries", False),
    ("blocked", 403, "We stopped this request", False),
)


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize(("why", "status", "title", "offers_field"), PROBLEMS)
def test_dev_36_each_problem_has_its_own_page_and_status(
    porch: Porch, why: Why, status: int, title: str, offers_field: bool, signed_in: bool
) -> None:
    porch.desk.problems["WDJBMJHT"] = Problem(why, 599_001)
    visitor = porch.visitor().sign_in() if signed_in else porch.visitor()
    answers = [
        visitor.open("/D/WDJBMJHT"),
        visitor.open("/device?user_code=WDJBMJHT"),
        visitor.submit("/device", ("user_code", "WDJBMJHT")),
    ]
    if signed_in:
        answers.append(visitor.submit("/D/WDJBMJHT", ("decision", "approve")))
    else:
        answers.append(visitor.open("/sign-in?code=WDJBMJHT"))
    for answer in answers:
        assert answer.status_code == status
        assert title in html.unescape(answer.text)
        assert 'role="alert"' in answer.text
        assert ('id="user_code"' in answer.text) is offers_field
        assert "You're connected" not in answer.text
        assert answer.headers.get("retry-after") == ("600" if why == "too_many" else None)


def test_a_wrong_code_keeps_what_was_typed_and_points_at_the_field(porch: Porch) -> None:
    page = porch.visitor().submit("/device", ("user_code", "qqqq zzzz")).text
    assert 'value="qqqq zzzz"' in page
    assert 'aria-invalid="true"' in page
    assert 'id="problem"' in page
    assert 'aria-describedby="user_code_hint problem"' in page


def test_an_empty_field_asks_for_the_code_and_costs_no_try(porch: Porch) -> None:
    answer = porch.visitor().submit("/device", ("user_code", "   "))
    assert answer.status_code == 400
    assert "Type the code that your device shows." in answer.text
    assert porch.desk.calls == []


def test_the_field_carries_the_attributes_that_phones_need(porch: Porch) -> None:
    page = porch.visitor().open("/device").text
    field = page.split('<input class="code"')[1].split(">")[0]
    for attribute in (
        'type="text"', 'inputmode="text"', 'autocapitalize="characters"', 'autocomplete="one-time-code"',
        'autocorrect="off"', 'spellcheck="false"', 'enterkeyhint="go"', 'dir="ltr"', "autofocus",
    ):  # fmt: skip
        assert attribute in field
    sign_in = porch.visitor().open("/sign-in").text
    assert 'autocomplete="username webauthn"' in sign_in
    assert 'autocomplete="current-password"' in sign_in


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(st.characters(codec="utf-8"), max_size=400))
def test_xd_16_whatever_is_typed_comes_back_escaped_and_capped(porch: Porch, typed: str) -> None:
    visitor = porch.visitor()
    answer = visitor.submit("/device", ("user_code", typed))
    assert answer.status_code in (303, 400, 404)
    if answer.status_code == 404:
        kept = answer.text.split('maxlength="256"')[1].split('value="')[1].split('"')[0]
        assert "<" not in kept
        assert len(html.unescape(kept)) <= 256
    for path in ("/D/", "/sign-in?code=", "/device?user_code="):
        answer = visitor.open(path + requests_quote(typed[:80]))
        assert answer.status_code in (200, 303, 404)
        assert answer.headers.get("location", "/").startswith("/")
        assert not answer.headers.get("location", "/").startswith("//")


def requests_quote(text: str) -> str:
    """Every character as bytes in the address, dots too."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_the_desk_of_these_tests_reads_codes_like_a_desk_should() -> None:
    assert {normal(typed) for typed in SPELLINGS} == {"WDJBMJHT"}
