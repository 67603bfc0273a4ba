"""Know, consent, control: what stands on the decision page, in what order, and what a device cannot smuggle onto it."""

import html
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web_verify.memory_desk import ASKING, NOW
from tests.web_verify.porch import Porch
from web_verify.claims import harmless
from web_verify.headers import LIVE


def decision_page(porch: Porch, **changes: object) -> str:
    porch.desk.asking["WDJBMJHT"] = replace(ASKING, **changes)  # type: ignore[arg-type]
    answer = porch.visitor().sign_in().open("/D/WDJBMJHT")
    assert answer.status_code == 200
    return answer.text


def test_xd_16_only_an_app_that_proved_itself_has_a_tick(porch: Porch) -> None:
    assert "Known to Porchlight" in decision_page(porch, is_app_proven=True)
    assert "Known to Porchlight" not in decision_page(porch)


def test_dev_35_the_page_tells_who_asks_when_from_where_and_warns(porch: Porch) -> None:
    page = html.unescape(decision_page(porch))
    facts = (
        "Is this your device?", "WDJB-MJHT", "Aurora TV", "registered at Porchlight, not proven",
        "20 seconds ago", "14:02 UTC",
        "Same network as this phone", "203.0.113.7", "It calls itself “<bdi>Living-room TV</bdi>”", "not verified",
        "Ana Ruiz", "See your name and picture", "Play from your library", "It can't see your password",
        "until you sign it out in My devices", "ends in 9 minutes", "It's a scam. Tap <b>Not me</b>.",
        "on a screen in front of you?", "tv.example.com", "Use another account",
    )  # fmt: skip
    for fact in facts:
        assert fact in page, fact


@pytest.mark.parametrize(
    ("same", "words"),
    [
        (True, "Same network as this phone"),
        (False, "Different network from this phone"),
        (None, "We can't tell if it is near this phone"),
    ],
)
def test_dev_35_the_network_is_said_in_words(porch: Porch, same: bool | None, words: str) -> None:
    page = html.unescape(decision_page(porch, same_network=same))
    assert words in page
    assert page.count("from this phone") + page.count("as this phone") + page.count("near this phone") == 1


def test_dev_19_opening_the_code_shows_it_and_decides_nothing(porch: Porch) -> None:
    visitor = porch.visitor().sign_in()
    before = porch.desk.state()
    for purpose in ({}, {"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}):
        page = visitor.open("/d/wdjbmjht", headers=purpose)
        assert "WDJB-MJHT" in page.text
    head = visitor.head(porch.url + "/D/WDJBMJHT", allow_redirects=False)
    assert head.status_code == 200
    assert head.content == b""
    visitor.open("/D/WDJBMJHT?decision=approve&scope=profile")
    assert porch.desk.state() == before


def test_xd_16_deny_comes_first_is_what_enter_does_and_nothing_has_the_focus(porch: Porch) -> None:
    page = decision_page(porch)
    form = page[page.index('action="/D/WDJBMJHT"') :]
    form = form[: form.index("</form>")]
    buttons = re.findall(r"<button[^>]*>", form)
    assert len(buttons) == 2
    assert 'type="submit" name="decision" value="deny"' in buttons[0]
    assert 'type="submit" name="decision" value="approve"' in buttons[1]
    assert "autofocus" not in page
    assert "<script" not in page.replace(f"<script>{LIVE}</script>", "")
    assert not re.search(r"\son\w+=", page)


def test_the_code_is_not_in_the_title(porch: Porch) -> None:
    title = re.search("<title>(.*?)</title>", decision_page(porch))
    assert title
    assert "WDJB" not in title[1]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claim=st.text(st.characters(codec="utf-8"), max_size=80))
def test_xd_16_a_claimed_name_is_quoted_short_and_escaped(porch: Porch, claim: str) -> None:
    page = decision_page(porch, claimed_name=claim)
    heading = re.search("<h1>(.*?)</h1>", page)
    assert heading
    assert heading[1] == "Is this your device?"
    shown = re.search("It calls itself “<bdi>(.*?)</bdi>”", page, re.DOTALL)
    if harmless(claim) is None:
        assert "It gives no name" in page
        return
    assert shown
    assert "<" not in shown[1]
    assert '"' not in shown[1]
    assert len(html.unescape(shown[1])) <= 32
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0000-\u0008]", shown[1])


def test_xd_16_every_foreign_text_is_escaped(porch: Porch) -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    page = decision_page(
        porch,
        app_name=evil,
        address=evil,
        claimed_name=evil,
        scopes=(replace(ASKING.scopes[0], scope=evil, sentence=evil),),
    )
    assert "<img" not in page
    assert page.count("&lt;img") >= 4


@pytest.mark.parametrize(
    "decision",
    [(), (("decision", ""),), (("decision", "APPROVE"),), (("decision", "approve"), ("decision", "deny")),
     (("decision", "approve"), ("decision", "approve"))],
)  # fmt: skip
def test_an_unclear_answer_decides_nothing(porch: Porch, decision: tuple[tuple[str, str], ...]) -> None:
    visitor = porch.visitor().sign_in()
    answer = visitor.submit("/D/WDJBMJHT", *decision)
    assert answer.status_code == 400
    assert "Nothing was decided" in answer.text
    assert 'href="/D/WDJBMJHT"' in answer.text
    assert not porch.desk.decided


def test_a_sign_in_that_asks_for_nothing_can_be_approved(porch: Porch) -> None:
    assert "asks for nothing more" in decision_page(porch, scopes=())
    visitor = porch.visitor().sign_in()
    assert visitor.submit("/D/WDJBMJHT", ("decision", "approve")).status_code == 303
    assert porch.desk.decided["WDJBMJHT"][1].approved


def test_another_day_is_named(porch: Porch) -> None:
    assert "1 day ago <span>(2 Mar 2026, 14:03 UTC)</span>" in decision_page(porch, asked_at=NOW - 86_400_000)


def test_a_device_that_claims_nothing_has_nothing_unverified(porch: Porch) -> None:
    page = decision_page(porch, claimed_name=None)
    assert "It gives no name" in page
    assert "not verified" not in page
