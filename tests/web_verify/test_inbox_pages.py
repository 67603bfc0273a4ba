"""The inbox and one request in it: what a person sees, how they answer, and that nothing else answers for them."""

from dataclasses import replace

import pytest

from tests.browser import OpenPhone
from tests.web_verify.memory_desk import NOW, PASSWORD
from tests.web_verify.memory_inbox import REQUEST
from tests.web_verify.porch import Porch
from tests.web_verify.states import sign_in

PAGE = f"/requests/{REQUEST.request_id}"


@pytest.fixture
def asked(porch: Porch) -> Porch:
    porch.desk.waiting[REQUEST.request_id] = REQUEST
    return porch


def test_the_inbox_lists_what_waits_and_says_so_on_the_devices_page(asked: Porch) -> None:
    phone = asked.visitor().sign_in()
    page = phone.open("/requests").text
    assert "Front door" in page
    assert "Open the door for KOALA 7" in page
    assert f'href="{PAGE}"' in page
    assert "1 app waits for your answer" in phone.open("/devices").text
    asked.desk.waiting.clear()
    assert "No app is asking you now" in phone.open("/requests").text
    assert "for your answer" not in phone.open("/devices").text


@pytest.mark.parametrize("path", ["/requests", PAGE])
def test_nobody_sees_a_request_before_signing_in(asked: Porch, path: str) -> None:
    answer = asked.visitor().open(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?inbox=1")
    assert "KOALA" not in answer.text


def test_whoever_came_for_the_inbox_is_led_there_by_the_sign_in(asked: Porch) -> None:
    phone = asked.visitor()
    assert 'name="inbox" value="1"' in phone.open("/sign-in?inbox=1").text
    wrong = phone.submit("/sign-in", ("username", "ana"), ("password", "no"), ("inbox", "1"))
    assert 'name="inbox" value="1"' in wrong.text
    right = phone.submit("/sign-in", ("username", "ana"), ("password", PASSWORD), ("inbox", "1"))
    assert right.headers["location"] == "/requests"


@pytest.mark.parametrize(
    ("decision", "approved", "stopped"), [("approve", True, False), ("deny", False, False), ("not_me", False, True)]
)
def test_each_answer_is_taken_once(asked: Porch, decision: str, approved: bool, stopped: bool) -> None:
    phone = asked.visitor().sign_in()
    answer = phone.submit(PAGE, ("decision", decision))
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    decided = asked.desk.answered[REQUEST.request_id]
    assert (decided.approved, decided.is_stopped) == (approved, stopped)
    phone.submit(PAGE, ("decision", "approve"))
    assert asked.desk.answered[REQUEST.request_id] == decided
    page = phone.open(PAGE).text
    assert ("You said yes" in page) == approved
    assert ("Never let" in page) == (decision == "deny")


def test_what_is_left_out_is_not_allowed_but_who_one_is_stays(asked: Porch) -> None:
    phone = asked.visitor().sign_in()
    assert 'value="openid"' not in phone.open(PAGE).text
    phone.submit(PAGE, ("decision", "approve"), ("leave_out", "door"))
    assert asked.desk.allowed[REQUEST.request_id] == ("openid",)


def test_anything_but_an_answer_decides_nothing(asked: Porch) -> None:
    phone = asked.visitor().sign_in()
    for fields in ([("decision", "yes")], [], [("decision", "deny"), ("decision", "approve")]):
        assert phone.submit(PAGE, *fields).status_code == 400
    assert phone.fill(PAGE, [("decision", "approve")]).status_code == 403
    assert not asked.desk.answered


def test_a_request_that_is_over_says_so(asked: Porch) -> None:
    phone = asked.visitor().sign_in()
    assert phone.open("/requests/" + "0b" * 32).status_code == 404
    asked.desk.time = REQUEST.expires_at
    page = phone.open(PAGE)
    assert page.status_code == 410
    assert "That request is over" in page.text
    assert phone.submit(PAGE, ("decision", "approve")).status_code == 410


def test_an_app_is_stopped_for_good_and_let_again(asked: Porch) -> None:
    phone = asked.visitor().sign_in()
    phone.submit(PAGE, ("decision", "deny"))
    assert phone.submit(PAGE + "/never").headers["location"] == "/requests"
    page = phone.open("/requests").text
    assert "Apps you stopped" in page
    phone.submit("/requests/let", ("app", "door"))
    assert "Apps you stopped" not in phone.open("/requests").text


def test_a_code_for_apps_is_set_and_dropped(porch: Porch) -> None:
    phone = porch.visitor().sign_in()
    for wrong in ("", "123", "x" * 65):
        answer = phone.submit("/requests/code", ("request_code", wrong))
        assert answer.status_code == 400
        assert "Type a code of 4 to 64" in answer.text
    phone.submit("/requests/code", ("request_code", "2468"))
    assert porch.desk.request_code == "2468"
    assert "2468" not in phone.open("/requests").text
    phone.submit("/requests/code", ("drop", "1"))
    assert porch.desk.request_code == ""


def test_the_message_is_quoted_and_never_markup(asked: Porch) -> None:
    evil = "</blockquote><script>alert(1)</script>"
    asked.desk.waiting[REQUEST.request_id] = replace(REQUEST, message=evil)
    phone = asked.visitor().sign_in()
    for path in ("/requests", PAGE):
        page = phone.open(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("scripts", [False, True])
def test_enter_denies_and_no_stands_before_yes(asked: Porch, phone: OpenPhone, scripts: bool) -> None:
    page = phone(java_script_enabled=scripts).new_page()
    sign_in(page, asked, PAGE)
    page.goto(asked.url + PAGE)
    values = [button.get_attribute("value") for button in page.query_selector_all("[name=decision]")]
    assert values == ["deny", "approve", "not_me"]
    page.click("text=Allow less")
    page.focus("[name=leave_out] >> nth=0")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert not asked.desk.answered[REQUEST.request_id].approved


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_request_is_answered_with_the_thumb(asked: Porch, phone: OpenPhone, scheme: str) -> None:
    page = phone(java_script_enabled=False, has_touch=True, color_scheme=scheme).new_page()
    sign_in(page, asked)
    page.tap("text=1 app waits for your answer")
    page.wait_for_url("**/requests")
    page.tap("text=Look and answer")
    page.wait_for_url("**" + PAGE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.inner_text(".says") == "Open the door for KOALA 7"
    for button in page.query_selector_all("[name=decision]"):
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 48
    page.tap("[value=approve]")
    page.wait_for_selector("text=You said yes")
    assert asked.desk.answered[REQUEST.request_id].decided_at == NOW
