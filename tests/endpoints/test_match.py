"""The number on the device: told to clients that ask for it, at once to those that wait, and never on the fast path."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.house import Phone, RunningHouse, browser, furnish, open_house

HOLD = {"Prefer": "wait=20"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    with open_house(tmp_path) as running:
        yield furnish(running)


@pytest.fixture
def phone(house: RunningHouse) -> Phone:
    phone = Phone(house)
    phone.open(house.begin())
    return phone


def held(house: RunningHouse, started: dict[str, Any]) -> requests.Response:
    """A held poll of a device that shows numbers, on a connection of its own."""
    with browser() as web:
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "tv", "match": "1"}
        return web.post(
            house.issuer + "/token", form | {"device_code": started["device_code"]}, headers=HOLD, timeout=40
        )


def wait_until_held(house: RunningHouse, count: int = 1) -> None:
    deadline = time.monotonic() + 10
    while sum(entry.bell is not None for entry in house.app.house.sign_ins._by_code.values()) < count:
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_a_device_that_waits_hears_of_the_phone_at_once_then_of_the_decision(house: RunningHouse, phone: Phone) -> None:
    started = house.begin()
    with ThreadPoolExecutor(1) as device:
        waiting = device.submit(held, house, started)
        wait_until_held(house)
        page = phone.open(started)
        begun = time.monotonic()
        told = waiting.result(10).json()
        assert time.monotonic() - begun < 2
        assert (told["error"], told["opened"]) == ("authorization_pending", True)
        assert f'name="match" value="{told["match"]}"' in page.text
        waiting = device.submit(held, house, started)  # at once: it is no poll too many
        wait_until_held(house)
        phone.submit(page, match=told["match"])
        assert waiting.result(10).status_code == 200


def test_a_device_that_was_away_when_the_phone_opened_hears_of_it_with_its_next_poll(
    house: RunningHouse, phone: Phone
) -> None:
    started = house.begin(match="1")
    phone.open(started)
    begun = time.monotonic()
    assert held(house, started).json()["opened"] is True
    assert time.monotonic() - begun < 2


def test_news_that_were_lost_on_the_way_are_told_again(house: RunningHouse, phone: Phone) -> None:
    started = house.begin(match="1")
    phone.open(started)
    first = held(house, started).json()
    house.clock.advance(5)  # a device that heard would have asked at once
    begun = time.monotonic()
    assert held(house, started).json()["match"] == first["match"]
    assert time.monotonic() - begun < 2


def test_the_poll_that_follows_the_news_is_not_too_early(house: RunningHouse, phone: Phone) -> None:
    started = house.begin()
    with ThreadPoolExecutor(1) as device:
        waiting = device.submit(held, house, started)
        wait_until_held(house)
        phone.open(started)
        assert waiting.result(10).json()["opened"] is True
    assert house.poll(started, match="1").json()["error"] == "authorization_pending"
    assert house.poll(started, match="1").json()["error"] == "slow_down", "but only that one"


def test_a_number_that_changed_is_told_at_once(house: RunningHouse, phone: Phone) -> None:
    started = house.begin(match="1")
    phone.open(started)
    held(house, started)
    with ThreadPoolExecutor(1) as device:
        waiting = device.submit(held, house, started)
        wait_until_held(house)
        page = phone.open(started)
        assert f'name="match" value="{waiting.result(10).json()["match"]}"' in page.text


def test_the_fast_path_forgets_a_poll_that_has_more_to_be_told(house: RunningHouse, phone: Phone) -> None:
    started = house.begin()
    sign_ins = house.app.house.sign_ins
    for _ in range(3):
        house.clock.advance(6)
        assert house.poll(started, match="1").json() == {"error": "authorization_pending"}
    assert sign_ins.by_body, "a repeated poll is answered in front of the router"
    phone.open(started)
    assert not sign_ins.by_body
    for _ in range(2):
        house.clock.advance(6)
        assert house.poll(started, match="1").json()["opened"] is True
    assert not sign_ins.by_body


def test_a_plain_client_is_served_as_rfc_8628_says_and_stays_on_the_fast_path(
    house: RunningHouse, phone: Phone
) -> None:
    started = house.begin()
    for _ in range(2):
        house.clock.advance(6)
        assert house.poll(started).json() == {"error": "authorization_pending"}
    phone.open(started)
    house.clock.advance(6)
    assert house.poll(started).json() == {"error": "authorization_pending"}
    assert house.app.house.sign_ins.by_body
    phone.approve(started)
    assert house.poll(started).status_code == 200


def test_only_the_device_that_began_is_told(house: RunningHouse, phone: Phone) -> None:
    started = house.begin(match="1")
    phone.open(started)
    answer = house.poll(started, "radio", "1")
    assert answer.json()["error"] == "invalid_grant"
    assert "match" not in answer.text
