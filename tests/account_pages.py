"""The pages of a person's own account, in a house with a real mail server beside it: how tests walk through them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from tests.conformance.wire import StoppedClock
from tests.forms import Forms
from tests.house import PASSWORD, Phone, RunningHouse, furnish, open_house
from tests.mail import MailServer, mail_server

NEW = "four words nobody puts together"
ROOMY: dict[str, Any] = {"tries_per_network": 1_000, "mails_per_network": 1_000}


@contextmanager
def house_with_mail(tmp_path: Path, **settings: Any) -> Iterator[tuple[RunningHouse, MailServer]]:
    with mail_server() as mail:
        chosen = {"registration": "open", "smtp_url": mail.url, "mail_from": "Porchlight <tv@example.com>"}
        with open_house(tmp_path, clock=StoppedClock(), **(chosen | ROOMY | settings)) as house:
            furnish(house)
            give_address(house, "ana", "ana@example.com")
            yield house, mail


def give_address(house: RunningHouse, username: str, email: str) -> None:
    account = house.do(house.app.house.store.find_account_by_username(username))
    assert account is not None
    house.do(house.app.house.store.change_account(replace(account, email=email, is_email_verified=True)))


def get(phone: Phone, path: str) -> requests.Response:
    address = path if path.startswith("http") else phone.house.address + path
    return phone.web.get(address, timeout=20)


def ask(phone: Phone, path: str, email: str) -> requests.Response:
    return phone.submit(get(phone, path), email=email)


def sign_in(phone: Phone, username: str, password: str = PASSWORD) -> requests.Response:
    return phone.submit(get(phone, "/sign-in"), username=username, password=password)


def heading(page: requests.Response) -> str:
    found = re.search(r"<h1>(?:<svg.*?</svg>)?(?:<span>)?(.*?)<", page.text, re.DOTALL)
    assert found, page.text
    return found[1].replace("&#39;", "'")


def press(phone: Phone, page: requests.Response, action: str, **typed: str) -> requests.Response:
    """Send the form that leads there."""
    form = next(form for form in Forms(page.text).all if form.action.endswith(action))
    return phone.web.post(
        requests.compat.urljoin(page.url, form.action),
        data=form.fields | typed,
        headers={"Origin": phone.house.address},
        timeout=20,
    )
