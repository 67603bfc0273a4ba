"""The simulated browser reads forms as a real one does."""

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.pages import read_page

PAGE = """
<title>Sign in</title><input name="stray" value="1">
<form method="post" action="/sign-out"><input type="hidden" name="form_token" value="a&amp;b">
<button>Switch</button></form>
<form method="POST" action="/D/WDJBMJHT">
<input type="hidden" name="form_token" value="t">
<input type="checkbox" name="scope" value="profile" checked><input type="checkbox" name="scope" value="readings:write">
<input type="checkbox" name="plain" checked><input name="off" value="x" disabled>
<input name="note" value="hello">
<button type="submit" name="decision" value="deny">No</button><button name="decision" value="approve">Yes</button>
<button type="button" name="decision" value="never">?</button>
</form>
<h1>Is this <b>your</b>
 device?</h1>
"""


def test_a_form_is_sent_with_what_is_hidden_ticked_and_filled_in() -> None:
    page = read_page(200, "https://tv.example.com/D/WDJBMJHT", PAGE)
    form = page.form_with("decision")
    assert form is not None
    assert form.action == "/D/WDJBMJHT"
    assert form.filled(("decision", "deny"), ("note", "bye")) == [
        ("form_token", "t"),
        ("scope", "profile"),
        ("plain", "on"),
        ("decision", "deny"),
        ("note", "bye"),
    ]
    assert form.buttons == {("decision", "deny"), ("decision", "approve")}


def test_entities_are_read_and_the_heading_is_one_line() -> None:
    page = read_page(200, "", PAGE)
    assert page.forms[0].fields == [("form_token", "a&b")]
    assert page.heading == "Is this your device?"


def test_a_form_that_is_not_posted_is_not_for_decisions() -> None:
    assert read_page(200, "", '<form><input name="password"></form>').form_with("password") is None


@given(st.text())
def test_no_page_is_too_broken_to_be_looked_at(html: str) -> None:
    assert read_page(200, "", "<form><input name=x>" + html).status == 200
