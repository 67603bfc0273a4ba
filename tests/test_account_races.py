"""What is under way while a password is changed or an account is closed: it neither undoes nor outlives that."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from server.desk import passwords
from server.oauth import totp
from server.oauth.account import Account
from server.oauth.factor import Totp
from server.oauth.link import Link
from server.oauth.secret import digest
from tests.account_pages import NEW, get, give_address, heading, sign_in
from tests.conformance.wire import StoppedClock
from tests.house import PASSWORD, Phone, RunningHouse, furnish, open_house

THIEFS = "the thief would like to keep this one"
LINK = "the-only-secret-of-this-link-0123456789"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    with open_house(tmp_path, clock=StoppedClock(), tries_per_network=1_000) as running:
        furnish(running)
        give_address(running, "ana", "ana@example.com")
        yield running


def ana(house: RunningHouse) -> Account:
    found = house.do(house.app.house.store.find_account_by_username("ana"))
    assert found is not None
    return found


def disable(house: RunningHouse) -> None:
    account = ana(house)
    house.do(house.app.house.store.change_account(replace(account, is_enabled=False)))
    house.do(house.app.house.store.end_sessions(account.account_id))


def choose_another(house: RunningHouse) -> None:
    """Ana chooses a new password, by the link of a mail."""
    now, account_id = house.clock(), ana(house).account_id
    link = Link(digest("link", LINK), "reset", now, now + 60_000, account_id, "ana@example.com", is_mailed=True)
    house.do(house.app.house.store.add_link(link))
    owner = Phone(house)
    page = owner.submit(get(owner, f"/reset/{LINK}"), password=NEW)
    assert heading(page) == "Your password is changed"


@contextmanager
def under_way(
    monkeypatch: pytest.MonkeyPatch, name: str, ask: Callable[[], requests.Response]
) -> Iterator[list[requests.Response]]:
    """This request has come as far as this step of a password's check; it goes on after the block, and ends."""
    reached, go_on, answers = threading.Event(), threading.Event(), list[requests.Response]()
    real, caller = getattr(passwords, name), threading.Lock()

    def held(*args: str) -> object:
        done = real(*args)
        if caller.acquire(blocking=False):  # the first alone waits
            reached.set()
            assert go_on.wait(20)
        return done

    monkeypatch.setattr(passwords, name, held)
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    try:
        assert reached.wait(20)
        yield answers
    finally:
        go_on.set()
        thread.join(20)
    assert answers


def test_a_sign_in_with_the_old_password_does_not_outlive_the_new_one(
    house: RunningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = Phone(house)
    page = get(thief, "/sign-in")
    with under_way(
        monkeypatch, "verify_password", lambda: thief.submit(page, username="ana", password=PASSWORD)
    ) as answers:
        choose_another(house)
    assert answers[0].url.endswith("/sign-in")
    assert get(thief, "/account").url.endswith("/sign-in")


def test_a_sign_in_under_way_does_not_outlive_the_account(house: RunningHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    thief = Phone(house)
    page = get(thief, "/sign-in")
    with under_way(monkeypatch, "verify_password", lambda: thief.submit(page, username="ana", password=PASSWORD)):
        disable(house)
    house.do(house.app.house.store.change_account(replace(ana(house), is_enabled=True)))
    assert get(thief, "/account").url.endswith("/sign-in")


def test_a_thiefs_change_that_is_under_way_does_not_win_over_the_owners(
    house: RunningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = Phone(house)
    sign_in(thief, "ana")
    page = get(thief, "/account/password")
    with under_way(monkeypatch, "hash_password", lambda: thief.submit(page, current=PASSWORD, password=THIEFS)):
        choose_another(house)
    assert get(thief, "/account").url.endswith("/sign-in")
    assert "/sign-in" in sign_in(Phone(house), "ana", THIEFS).url
    assert sign_in(Phone(house), "ana", NEW).url.endswith("/devices")


def test_a_new_password_does_not_open_an_account_that_was_closed_meanwhile(
    house: RunningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = Phone(house)
    sign_in(thief, "ana")
    page = get(thief, "/account/password")
    with under_way(monkeypatch, "hash_password", lambda: thief.submit(page, current=PASSWORD, password=THIEFS)):
        disable(house)
    assert not ana(house).is_enabled
    assert "/sign-in" in sign_in(Phone(house), "ana", THIEFS).url


def test_a_password_that_was_given_is_worth_no_second_step_once_there_is_a_new_one(house: RunningHouse) -> None:
    """The thief knows the old password, and waits with the code in hand until the owner has chosen a new one."""
    app, codes = Totp("account-ana", "sealed", house.clock(), is_confirmed=True), totp.draw_recovery_codes()
    kept = [totp.kept("account-ana", each) for each in codes]
    house.do(house.app.house.store.change_totp("account-ana", lambda _: app, codes=kept))
    for code, is_late in ((codes[0], False), (codes[1], True)):
        thief = Phone(house)
        page = sign_in(thief, "ana")
        assert page.url.endswith("/sign-in/code")
        if is_late:
            choose_another(house)
            assert get(thief, "/sign-in/code").url.endswith("/sign-in")
        page = thief.submit(page, recovery=code)
        assert page.url.endswith("/sign-in" if is_late else "/devices")
        assert get(thief, "/account").url.endswith("/sign-in" if is_late else "/account")
    assert house.do(house.app.house.store.recovery_codes_left("account-ana")) == 9, "the late one was not used up"
