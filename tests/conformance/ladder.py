"""Devices and phones in several places of the net, for the tests of the presence ladder: a proxy says where."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import requests

from server.oauth.event import Event, Sought, What
from tests.conformance.wire import StoppedClock
from tests.dpop import Key
from tests.forms import Forms
from tests.house import Phone, RunningHouse, furnish, open_house
from tests.mmdb import write_places

DAY: Final = 86_400_000
HOME: Final = "203.0.113.7"
MOBILE: Final = "198.51.100.20"  # another network in the same country
ABROAD: Final = "192.0.2.66"
CLOUD: Final = "198.51.100.200"  # a data centre in the same country
PLACES: Final = {
    "203.0.113.0/24": {"country": {"iso_code": "ES", "names": {"en": "Spain"}}},
    "198.51.100.0/25": {"country": {"iso_code": "ES", "names": {"en": "Spain"}}},
    "198.51.100.128/25": {
        "country": {"iso_code": "ES", "names": {"en": "Spain"}},
        "traits": {"is_hosting_provider": True},
    },
    "192.0.2.0/24": {"country": {"iso_code": "NG", "names": {"en": "Nigeria"}}},
}
BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    """A house behind a proxy, with a database of places."""
    database = write_places(folder / "places.mmdb", PLACES)
    return {"trusted_proxies": ("127.0.0.1",), "geoip_database": (str(database),), **more}


def furnished(house: RunningHouse) -> RunningHouse:
    """The usual people, and clients with terms of their own."""
    furnish(house)
    house.add_client("strict", name="Strict TV", device_policy="block")
    house.add_client("noted", name="Noted TV", device_policy="report_only")
    house.add_client("shows", name="Showing TV", device_digits="required")
    house.add_client("blind", name="Blind TV", device_digits="off")
    house.add_client("indoors", name="Indoor TV", device_networks=("203.0.113.0/24", "2001:db8::/32"))
    house.add_client("open", name="Open TV", device_policy="allow", device_networks=("0.0.0.0/0",))
    terms = {"device_scopes": ("readings:write=never", "profile=L2"), "device_lifetimes": ("L1=12h", "L2=1h")}
    house.add_client("modest", name="Modest TV", **terms)
    return house


class Device:
    """A device at an address. With `shows` it says that it can show a number."""

    def __init__(
        self,
        house: RunningHouse,
        address: str = HOME,
        client_id: str = "tv",
        *,
        shows: bool = True,
        key: Key | None = None,
    ) -> None:
        self.house, self.client_id, self.shows, self.key = house, client_id, shows, key
        self.headers = {"X-Forwarded-For": address}
        self.started: dict[str, Any] = {}

    def begin(self, **form: str) -> dict[str, Any]:
        """Ask for a code; where it shows numbers, the first poll says so."""
        headers = self.headers | self._proof("/device_authorization")
        answer = self.house.post("/device_authorization", {"client_id": self.client_id, **form}, headers=headers)
        assert answer.status_code == 200, answer.text
        self.started = answer.json()
        if self.shows:
            assert self.poll().json()["error"] == "authorization_pending"
        return self.started

    def poll(self, **headers: str) -> requests.Response:
        """Ask for the tokens."""
        match = "1" if self.shows else ""
        return self.house.poll(
            self.started, self.client_id, match, headers=self.headers | self._proof("/token") | headers
        )

    def _proof(self, path: str) -> dict[str, str]:
        return {"DPoP": self.key.proof("POST", self.house.issuer + path, self.house.clock())} if self.key else {}

    @property
    def number(self) -> str:
        """The number on its screen, after its next poll in time."""
        self.house.clock.advance(6)
        return str(self.poll().json()["match"])

    def end(self) -> str:
        """What its next poll is told: an error word, or "tokens"."""
        self.house.clock.advance(6)
        answer = self.poll()
        return "tokens" if answer.status_code == 200 else str(answer.json()["error"])

    def tokens(self) -> dict[str, Any]:
        self.house.clock.advance(6)
        answer = self.poll()
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content


def phone_at(house: RunningHouse, address: str = HOME, username: str = "ana") -> Phone:
    """Somebody's phone at an address."""
    phone = Phone(house, username)
    phone.web.headers["X-Forwarded-For"] = address
    return phone


def answer(phone: Phone, page: requests.Response, control: str, **typed: Any) -> requests.Response:
    """Fill in the form that has this control, and send it."""
    form = Forms(page.text).with_control(control)
    return phone.web.post(requests.compat.urljoin(page.url, form.action), form.fields | typed, timeout=20)


@contextmanager
def open_ladder(folder: Path) -> Iterator[RunningHouse]:
    """A house for many stories, with a clock that stands still."""
    roomy = {"tries_per_account": 1_000, "tries_per_network": 10_000, "tries_per_session": 1_000}
    with open_house(folder, clock=StoppedClock(), **settings(folder, **roomy)) as running:
        yield furnished(running)


def way_on(page: requests.Response) -> str:
    """Where the page before the decision leads whoever is sure."""
    found = re.search(r'href="(/D/\w+\?sure=[\w-]+)"', page.text)
    assert found, page.text
    return found[1]


def go_on(phone: Phone, page: requests.Response) -> requests.Response:
    """Be sure."""
    return phone.web.get(phone.house.address + way_on(page), timeout=20)


def numbers(page: str) -> list[str]:
    """The numbers to choose from."""
    return re.findall(r'name="match" value="(\d\d)"', page)


def events(house: RunningHouse, what: What) -> list[Event]:
    """The newest first."""
    return [each.event for each in house.do(house.app.house.store.events(Sought(what=(what,)), 50))]


def lasts_for(house: RunningHouse, username: str = "ana") -> int:
    """How long the newest sign-in of this person may last, in milliseconds."""
    families = house.do(house.app.house.store.families(f"account-{username}"))
    newest = max(families, key=lambda family: family.created_at)
    return newest.expires_at - newest.created_at
