"""Connect this app? What the page says, carries along and refuses, whatever desk stands behind it."""

from dataclasses import replace

from tests.forms import Forms
from tests.web_verify.memory_desk import APP_ASKING, PASSWORD
from tests.web_verify.porch import Phone, Porch
from web_verify.desk import Leaving, Problem, Visitor


def asked(porch: Porch) -> Phone:
    """A visitor who is signed in, with an app that waits."""
    porch.desk.apps["app-1"] = APP_ASKING
    return porch.visitor().sign_in()


def test_the_page_names_app_account_and_where_it_leads_and_no_comes_first(porch: Porch) -> None:
    page = asked(porch).open("/consent/app-1")
    assert page.status_code == 200
    for words in ("Photo wall", "https://app.example", "Ana Ruiz", "See your name and picture"):
        assert words in page.text
    assert page.text.index('value="deny"') < page.text.index('value="approve"')
    assert porch.desk.calls[-1] == "look_up_app", "looking decides nothing"


def test_the_request_survives_a_wrong_password_and_another_account(porch: Porch) -> None:
    porch.desk.apps["app-1"] = APP_ASKING
    visitor = porch.visitor()
    assert visitor.open("/consent/app-1").headers["location"] == "/sign-in?request=app-1"
    page = visitor.open("/sign-in?request=app-1")
    assert "To sign in Photo wall" in page.text
    assert Forms(page.text).with_control("username").fields["request"] == ["app-1"]
    assert Forms(page.text).with_control("username").fields["username"] == ["ana"]
    request = ("request", "app-1")
    wrong = visitor.submit("/sign-in", ("username", "ana"), ("password", "no"), request)
    assert Forms(wrong.text).with_control("username").fields["request"] == ["app-1"]
    right = visitor.submit("/sign-in", ("username", "ana"), ("password", PASSWORD), request)
    assert right.headers["location"] == "/consent/app-1"
    assert visitor.submit("/sign-out", request).headers["location"] == "/sign-in?request=app-1"


def test_the_decision_leads_to_the_app_and_nothing_else_decides(porch: Porch) -> None:
    visitor = asked(porch)
    assert visitor.submit("/consent/app-1", ("decision", "maybe")).status_code == 400
    assert visitor.submit("/consent/app-1", ("decision", "approve"), ("decision", "deny")).status_code == 400
    everything = [("leave_out", scope.scope) for scope in APP_ASKING.scopes]
    assert visitor.submit("/consent/app-1", ("decision", "approve"), *everything).status_code == 400
    assert visitor.fill("/consent/app-1", {"decision": "approve"}).status_code == 403
    assert "approve_app" not in porch.desk.calls
    answer = visitor.submit("/consent/app-1", ("decision", "deny"))
    assert (answer.status_code, answer.headers["location"]) == (303, "https://app.example/back?error=access_denied")


def test_an_app_that_lets_nobody_ask_gets_its_answer_at_once(porch: Porch) -> None:
    visitor = asked(porch)
    porch.desk.apps["app-1"] = replace(APP_ASKING, next="leave")
    answer = visitor.open("/consent/app-1")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "https://app.example/back")


def test_what_is_over_is_said_and_never_asked_again_and_again(porch: Porch) -> None:
    visitor = asked(porch)
    assert visitor.open("/consent/none").status_code == 404
    assert visitor.open("/sign-in?request=none").status_code == 404
    porch.desk.apps["app-1"] = replace(APP_ASKING, next="leave")

    async def stubborn(visitor: Visitor, request_id: str, **_: object) -> Leaving | Problem:
        return Problem("wrong")

    porch.desk.decide_app = stubborn  # type: ignore[method-assign]
    assert visitor.open("/consent/app-1").status_code == 409, "no page sends a browser round in circles"
