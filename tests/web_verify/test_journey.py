"""The whole way over HTTP: a code, a sign-in, a decision, the proof; each page leads to the next one alone."""

import pytest

from tests.web_verify.memory_desk import PASSWORD
from tests.web_verify.porch import Porch
from web_verify.desk import Person, Problem


@pytest.mark.parametrize("path", ["/", "/activate", "/device/"])
def test_dev_14_every_door_leads_to_the_field_for_the_code(porch: Porch, path: str) -> None:
    visitor = porch.visitor()
    answer = visitor.open(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/device")
    page = visitor.open("/device")
    assert page.status_code == 200
    assert 'name="user_code"' in page.text


def test_dev_16_a_person_connects_a_device_and_is_sent_back_to_it(porch: Porch) -> None:
    visitor = porch.visitor()
    answer = visitor.submit("/device", ("user_code", "wdjb mjht"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/D/WDJBMJHT")
    answer = visitor.open("/D/WDJBMJHT")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?code=WDJBMJHT")
    page = visitor.open("/sign-in?code=WDJBMJHT").text
    assert "To sign in Aurora TV" in page
    assert "WDJB-MJHT" in page
    answer = visitor.submit("/sign-in", ("username", "ana"), ("password", PASSWORD), ("code", "WDJBMJHT"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/D/WDJBMJHT")
    page = visitor.open("/D/WDJBMJHT").text
    for expected in ("Aurora TV", "See your name and picture", 'value="deny"', 'value="approve"'):
        assert expected in page
    answer = visitor.submit("/D/WDJBMJHT", ("decision", "approve"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/D/WDJBMJHT")
    done = visitor.open("/D/WDJBMJHT")
    assert done.status_code == 200
    assert "You&#39;re connected" in done.text or "You're connected" in done.text
    assert "Look at your device. You can close this page." in done.text
    assert porch.desk.decided["WDJBMJHT"][2] == ("profile", "library", "readings:write")  # all that was asked


def test_dev_16_not_me_stops_it_and_says_that_nothing_was_signed_in(porch: Porch) -> None:
    visitor = porch.visitor().sign_in()
    answer = visitor.submit("/d/wdjb-mjht", ("decision", "deny"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/D/WDJBMJHT")
    page = visitor.open("/D/WDJBMJHT")
    assert page.status_code == 200
    assert "Nothing was signed in, and your account is safe." in page.text
    assert porch.desk.decided["WDJBMJHT"][1].approved is False
    assert not porch.desk.owned


def test_the_code_and_the_name_survive_wrong_passwords(porch: Porch) -> None:
    visitor = porch.visitor()
    for _ in range(3):
        answer = visitor.submit("/sign-in", ("username", "ana"), ("password", "nope"), ("code", "WDJBMJHT"))
        assert answer.status_code == 403
        assert 'name="code" value="WDJBMJHT"' in answer.text
        assert 'value="ana"' in answer.text
        assert "nope" not in answer.text
        assert "To sign in Aurora TV" in answer.text
        assert 'role="alert"' in answer.text
        assert 'aria-invalid="true"' in answer.text


def test_somebody_else_takes_over_with_the_same_code(porch: Porch) -> None:
    porch.desk.people["ben"] = Person("ben", "Ben")
    visitor = porch.visitor().sign_in()
    before = visitor.secret()
    answer = visitor.submit("/sign-out", ("code", "WDJBMJHT"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?code=WDJBMJHT")
    assert before not in porch.desk.sessions
    assert visitor.secret() != before
    answer = visitor.submit("/sign-in", ("username", "ben"), ("password", PASSWORD), ("code", "WDJBMJHT"))
    assert answer.headers["location"] == "/D/WDJBMJHT"
    assert "Ben" in visitor.open("/D/WDJBMJHT").text


def test_a_code_that_ends_while_the_person_signs_in_is_no_dead_end(porch: Porch) -> None:
    visitor = porch.visitor()
    visitor.open("/sign-in?code=WDJBMJHT")
    del porch.desk.asking["WDJBMJHT"]
    answer = visitor.submit("/sign-in", ("username", "ana"), ("password", PASSWORD), ("code", "WDJBMJHT"))
    page = visitor.open(answer.headers["location"])
    assert page.status_code == 404
    assert 'name="user_code"' in page.text


def test_what_is_left_out_is_not_granted_and_leaving_out_all_is_no_approval(porch: Porch) -> None:
    visitor = porch.visitor().sign_in()
    everything = [("leave_out", scope) for scope in ("profile", "library", "readings:write")]
    answer = visitor.submit("/D/WDJBMJHT", ("decision", "approve"), *everything)
    assert answer.status_code == 400
    assert "allow at least one" in answer.text
    assert not porch.desk.decided
    visitor.submit("/D/WDJBMJHT", ("decision", "approve"), ("leave_out", "profile"), ("leave_out", "never-asked"))
    assert porch.desk.decided["WDJBMJHT"][2] == ("library", "readings:write")


def test_a_reload_after_the_decision_decides_nothing_again(porch: Porch) -> None:
    visitor = porch.visitor().sign_in()
    visitor.submit("/D/WDJBMJHT", ("decision", "deny"))
    for _ in range(2):
        visitor.open("/D/WDJBMJHT")
    assert porch.desk.calls.count("deny") == 1
    answer = visitor.submit("/D/WDJBMJHT", ("decision", "approve"))
    assert "Stopped" in visitor.open(answer.headers["location"]).text


def test_dev_15_a_decision_without_a_sign_in_decides_nothing(porch: Porch) -> None:
    answer = porch.visitor().submit("/D/WDJBMJHT", ("decision", "approve"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?code=WDJBMJHT")
    assert not porch.desk.decided


def test_too_many_passwords_say_how_long_to_wait(porch: Porch) -> None:
    porch.desk.sign_in_problem = Problem("too_many", 61_001)
    answer = porch.visitor().submit("/sign-in", ("username", "ana"), ("password", PASSWORD))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "62")
    assert "Wait 2 minutes" in answer.text
