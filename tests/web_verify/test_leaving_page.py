"""Sign out here too? What the page says, and that nothing but its own answer signs anybody out."""

from tests.web_verify.porch import Porch

PATH = "/sign-out/ticket"


def test_the_page_says_who_asks_and_what_ends_and_staying_comes_first(porch: Porch) -> None:
    page = porch.visitor().sign_in().open(PATH)
    assert page.status_code == 200
    for words in ("Photo wall", "Ana Ruiz", "Your TVs and devices stay signed in."):
        assert words in page.text
    assert page.text.index('value="stay"') < page.text.index('value="leave"')


def test_only_the_pages_own_yes_signs_out(porch: Porch) -> None:
    visitor = porch.visitor().sign_in()
    assert visitor.submit(PATH, ("answer", "maybe")).status_code == 400
    assert visitor.submit(PATH, ("answer", "leave"), ("answer", "stay")).status_code == 400
    assert visitor.fill(PATH, {"answer": "leave"}).status_code == 403
    assert visitor.submit(PATH, ("answer", "stay")).headers["location"] == "/devices"
    assert visitor.open("/devices").status_code == 200
    assert "signed out" in visitor.submit(PATH, ("answer", "leave")).text
    assert visitor.open("/devices").headers["location"] == "/sign-in"


def test_whoever_is_not_signed_in_is_told_so_and_a_foreign_ticket_leads_nowhere(porch: Porch) -> None:
    assert "signed out" in porch.visitor().open(PATH).text
    assert porch.visitor().open("/sign-out/another").status_code == 410
