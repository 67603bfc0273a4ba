"""Every page in every state, for tests that look at all of them in a browser."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from playwright.sync_api import Page

from tests.web_verify.factor_states import factor_states
from tests.web_verify.memory_desk import APP_ASKING, ASKING, PASSWORD, SCOPES
from tests.web_verify.memory_inbox import REQUEST
from tests.web_verify.porch import Porch
from web_verify.desk import Decided, Fault, Problem, Why

PROBLEMS: tuple[Why, ...] = ("wrong", "expired", "used", "denied", "too_many", "blocked", "shared")
STOPPED: tuple[Literal["mismatch", "reported", "undone"], ...] = ("mismatch", "reported", "undone")


def press(page: Page, button: str) -> None:
    """Press a submit button and wait for the page that answers."""
    with page.expect_navigation():
        page.click(button)


def sign_in(page: Page, porch: Porch, path: str = "/sign-in") -> None:
    page.goto(porch.url + path)
    page.fill("[autocomplete~=username]", "ana")
    page.fill("[autocomplete=current-password]", PASSWORD)
    press(page, "main button[type=submit]")


def guest_states(page: Page, porch: Porch) -> Iterator[str]:
    """What is seen before a sign-in."""
    page.goto(porch.url + "/device")
    yield "enter"
    press(page, "main button[type=submit]")
    yield "enter, empty"
    for why in PROBLEMS:
        porch.desk.problems["PROBLEM"] = Problem(why, 600_000)
        page.goto(porch.url + "/D/PROBLEM")
        yield why
    page.goto(porch.url + "/nowhere")
    yield "lost"
    porch.desk.apps["app-1"] = APP_ASKING
    page.goto(porch.url + "/consent/app-1")
    yield "sign in to an app"
    page.goto(porch.url + "/consent/none")
    yield "request over"
    page.goto(porch.url + "/d/wdjbmjht")
    yield "sign in"
    page.fill("[autocomplete~=username]", "ana")
    page.fill("[autocomplete=current-password]", "nope")
    press(page, "main button[type=submit]")
    yield "sign in, wrong"


def person_states(page: Page, porch: Porch) -> Iterator[str]:
    """What a person sees who is signed in."""
    sign_in(page, porch, "/devices")
    porch.desk.apps["app-1"] = APP_ASKING
    yield "devices, none"
    long = replace(ASKING, claimed_name="W" * 32, address="2001:db8:85a3:8d3:1319:8a2e:370:7348", same_network=False)
    porch.desk.asking["BCDFGHJK"] = replace(long, user_code="BCDF-GHJK", app_name="A very long name of an application")
    for code in ("WDJBMJHT", "BCDFGHJK"):
        page.goto(f"{porch.url}/D/{code}")
        yield f"decision {code}"
        press(page, "[value=approve]")
        yield "connected"
    page.goto(porch.url + "/devices")
    page.click("main summary")
    yield "devices"
    press(page, ".device [action$='/sign-out'] button")
    yield "devices, one signed out"
    page.goto(porch.url + "/consent/app-1")
    yield "consent"
    page.goto(porch.url + "/sign-out/ticket")
    yield "sign out too"
    yield from inbox_states(page, porch)
    yield from presence_states(page, porch)
    porch.desk.decided.clear()
    page.goto(porch.url + "/D/WDJBMJHT")
    press(page, "[value=deny]")
    yield "stopped"


def account_states(page: Page, porch: Porch) -> Iterator[str]:
    """A person's own account, and where the links of mails lead. Signs in by itself."""
    desk = porch.desk
    desk.links["a-link"] = "ana.ruiz-with-a-long-name@mail.example.com"
    for path in ("/sign-up", "/reset"):
        page.goto(porch.url + path)
        yield f"ask at {path}"
        page.fill("#email", "ana@example.com")
        press(page, "main button")
        yield f"sent from {path}"
    desk.wrong = Fault("email", "shape")
    page.goto(porch.url + "/reset")
    press(page, "main button")
    yield "ask, wrong"
    for path in ("/join/a-link", "/reset/a-link"):
        page.goto(porch.url + path)
        yield path
        desk.wrong = Fault("password", "known")
        press(page, "main button")
        yield f"{path}, wrong"
    page.goto(porch.url + "/join/dead")
    yield "dead link"
    page.goto(porch.url + "/notice/a-link")
    yield "notice"
    press(page, "main button")
    yield "notice, done"
    sign_in(page, porch, "/sign-in")
    page.goto(porch.url + "/account")
    yield "account"
    page.click("main summary")
    yield "account, sign out everywhere"
    for path in ("/account/password", "/account/email"):
        desk.wrong = Problem("too_many", 600_000)
        page.goto(porch.url + path)
        yield path
        press(page, "main button")
        yield f"{path}, too many"
    page.goto(porch.url + "/account/email/a-link")
    yield "is this your address"
    desk.wrong = None
    press(page, "main button")
    yield "address confirmed"
    yield from factor_states(page, porch)


def presence_states(page: Page, porch: Porch) -> Iterator[str]:
    """What is asked before a device is signed in, and what stops it."""
    far = replace(ASKING, user_code="CDFG-HJKL", same_network=False, place="Iceland", phone_place="Peru")
    strict = replace(far, choices=("12", "47", "63"), scopes=SCOPES[:2], kept_back=SCOPES[2:])
    strict = replace(strict, lasts_for=86_400_000, claimed_name=None)
    proofs: tuple[Literal["pick", "type", "code"], ...] = ("pick", "type", "code")
    for asking in (
        *(replace(strict, proof=proof, is_name_hidden=proof == "pick") for proof in proofs),
        replace(far, notice="far", must_sign_in=True),
        replace(far, notice="same_browser"),
    ):
        porch.desk.asking["CDFGHJKL"] = asking
        page.goto(porch.url + "/D/CDFGHJKL")
        yield f"decision {asking.notice or asking.proof}"
    for why in STOPPED:
        stopped = Decided("Aurora TV", "CDFG-HJKL", False, porch.desk.time, stopped_for=why)
        porch.desk.decided["CDFGHJKL"] = ("ana", stopped, ())
        page.goto(porch.url + "/D/CDFGHJKL")
        yield why


def inbox_states(page: Page, porch: Porch) -> Iterator[str]:
    """Apps that ask on the phone."""
    page.goto(porch.url + "/requests")
    yield "inbox, none"
    long = replace(REQUEST, request_id="0b" * 32, message="W" * 100, app_name="A very long name of an application")
    silent = replace(REQUEST, request_id="0c" * 32, message="", is_app_proven=False)
    porch.desk.waiting = {each.request_id: each for each in (REQUEST, long, silent)}
    page.goto(porch.url + "/devices")
    yield "devices, with requests"
    for each, decision in ((REQUEST, "approve"), (long, "deny"), (silent, "not_me")):
        page.goto(f"{porch.url}/requests/{each.request_id}")
        yield f"request {decision}"
        press(page, f"[value={decision}]")
        yield f"request answered, {decision}"
    page.goto(porch.url + "/requests")
    page.click("main summary")
    yield "inbox, with a stopped app"


def every_state(page: Page, porch: Porch) -> Iterator[str]:
    """All of them, in the order of a visit."""
    yield from guest_states(page, porch)
    yield from account_states(page, porch)
    page.context.clear_cookies()
    yield from person_states(page, porch)
