"""The pages about passkeys, code apps and other providers in every state; for somebody who is signed in already."""

from collections.abc import Iterator
from typing import get_args

from playwright.sync_api import Page

from tests.web_verify.memory_factors import APP, LINKED, PASSKEYS
from tests.web_verify.porch import Porch
from web_verify.desk import NotTold, Problem, Ways


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.click(button)


def factor_states(page: Page, porch: Porch) -> Iterator[str]:
    """All of them."""
    desk = porch.desk
    for path in ("passkeys", "codes", "providers"):
        page.goto(f"{porch.url}/account/{path}")
        yield f"{path}, none"
    desk.own_ways = Ways(PASSKEYS, APP, LINKED)
    page.goto(porch.url + "/account")
    yield "account, with all ways"
    desk.factor_problem = Problem("last")
    for path in ("passkeys", "providers"):
        page.goto(f"{porch.url}/account/{path}")
        yield path
        press(page, ".device button[type=submit]")
        yield f"{path}, the last"
    press(page, ".link-one button")
    yield "providers, on the way"
    page.goto(porch.url + "/account/codes")
    for summary in page.locator("main summary").all():
        summary.click()
    yield "codes, on"
    desk.own_ways = Ways()
    yield from code_states(page, porch)
    for why in get_args(NotTold):
        desk.not_told = why
        page.goto(porch.url + "/sign-in/with/corp/back?state=s")
        yield f"provider, {why}"


def code_states(page: Page, porch: Porch) -> Iterator[str]:
    """A code app is set up; and the step that it adds to a sign-in."""
    desk = porch.desk
    page.goto(porch.url + "/account/codes")
    press(page, "main button")
    yield "codes, new"
    desk.factor_problem = Problem("wrong")
    page.fill("#otp", "123456")
    press(page, "main button")
    yield "codes, wrong"
    desk.factor_problem = None
    page.fill("#otp", "123456")
    press(page, "main button")
    yield "recovery codes"
    desk.new_app, desk.owes_code = None, True
    page.goto(porch.url + "/sign-in/code")
    page.click("main summary")
    yield "second step"
    page.fill("#otp", "123456")
    press(page, "main button")
    yield "second step, wrong"
    desk.owes_code = False
