"""Simulated people on the real pages of a running server: they scan, type, sign in once, approve and deny."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from device_agent.flow.steps import Show
from firmware_sim.discovery import Endpoints, Wrong
from firmware_sim.life import Mishap
from firmware_sim.person import BROWSERS, TYPES_EVERY, Crowd
from tests.house import PASSWORD, RunningHouse


def endpoints(house: RunningHouse) -> Endpoints:
    return Endpoints(house.issuer, house.issuer + "/device_authorization", house.issuer + "/token")


def with_crowd(house: RunningHouse, story: Callable[[Crowd], Awaitable[Any]], password: str = PASSWORD) -> Any:
    async def play() -> Any:
        crowd = Crowd(endpoints(house), "ana", password)
        try:
            return await story(crowd)
        finally:
            await crowd.close()

    return asyncio.run(play())


def shown(started: dict[str, Any], **changes: str) -> Show:
    complete = changes.get("complete", started["verification_uri_complete"])
    return Show(started["user_code"], started["verification_uri"], complete, 0)


def test_a_person_who_scans_the_code_approves(house: RunningHouse) -> None:
    started = house.begin(scope="profile readings:write")
    with_crowd(house, lambda crowd: crowd.decide(shown(started), "approve"))
    tokens = house.poll(started).json()
    assert set(tokens["scope"].split()) == {"profile", "readings:write"}


def test_a_person_who_types_the_code_approves(house: RunningHouse) -> None:
    started = house.begin()
    with_crowd(house, lambda crowd: crowd.decide(shown(started, complete=""), "approve"))
    assert house.poll(started).status_code == 200


def test_a_person_denies(house: RunningHouse) -> None:
    started = house.begin()
    with_crowd(house, lambda crowd: crowd.decide(shown(started), "deny"))
    assert house.poll(started).json()["error"] == "access_denied"


def test_a_crowd_works_through_many_codes_without_ever_being_taken_for_a_guesser(house: RunningHouse) -> None:
    started = [house.begin() for _ in range(20)]

    async def all_at_once(crowd: Crowd) -> int:
        await asyncio.gather(*(crowd.decide(shown(each), "approve") for each in started))
        return crowd.requests

    requests = with_crowd(house, all_at_once)
    assert all(house.poll(each).status_code == 200 for each in started)
    typed = len(started) // TYPES_EVERY
    # Page, decision, done for each; two more for a typed code; each browser signs in once and stays signed in.
    assert requests <= 3 * len(started) + 2 * typed + 3 * BROWSERS


def test_a_code_that_is_decided_already_is_named(house: RunningHouse) -> None:
    started = house.begin()

    async def twice(crowd: Crowd) -> None:
        await crowd.decide(shown(started), "approve")
        await crowd.decide(shown(started), "approve")

    with pytest.raises(Mishap) as mishap:
        with_crowd(house, twice)
    assert mishap.value.reason == "page_409"  # another browser: to a guest the code is just used


def test_a_wrong_code_is_named_by_its_status(house: RunningHouse) -> None:
    show = Show("BCDF-GHJK", house.issuer + "/device", house.issuer + "/D/BCDFGHJK", 0)
    with pytest.raises(Mishap, match="404"):
        with_crowd(house, lambda crowd: crowd.decide(show, "approve"))


def test_a_right_password_passes_the_check_before_the_fleet_starts(house: RunningHouse) -> None:
    with_crowd(house, lambda crowd: crowd.check())


def test_a_wrong_password_is_told_before_any_device_starts(house: RunningHouse) -> None:
    with pytest.raises(Wrong, match="--user"):
        with_crowd(house, lambda crowd: crowd.check(), password="not the password")


@pytest.mark.parametrize("address", ["https://evil.example/D/WDJBMJHT", "javascript:alert(1)"])
def test_a_server_that_sends_people_elsewhere_is_not_followed(house: RunningHouse, address: str) -> None:
    with pytest.raises(Mishap) as mishap:
        with_crowd(house, lambda crowd: crowd.decide(Show("A", address, address, 0), "approve"))
    assert mishap.value.reason == "page_elsewhere"
