"""A redeeming poll whose answer was lost costs no new code where the device can prove that it is the same."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.conformance.test_dpop import Device
from tests.conformance.wire import StoppedClock, at_once, poll_as, refused, tokens
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house
from tests.postgres import Cluster

POLLS = 20


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("lost"), clock=StoppedClock()) as running:
        yield furnish(running)


@pytest.fixture
def device(house: RunningHouse) -> Device:
    return Device(house)


def approved(house: RunningHouse, device: Device) -> dict[str, Any]:
    started = device.begin()
    Phone(house).approve(started)
    return started


def test_dev_31_the_holder_of_the_key_hears_the_lost_answer_again(house: RunningHouse, device: Device) -> None:
    started = approved(house, device)
    first = tokens(device.poll(started))
    house.clock.advance(59)
    again = tokens(device.poll(started))
    assert again["refresh_token"] == first["refresh_token"], "one branch, however often it is heard"
    assert again["token_type"] == "DPoP"
    assert device.me(again["access_token"]).status_code == 200
    fresh = tokens(device.refresh(again["refresh_token"]))
    assert fresh["refresh_token"] != first["refresh_token"]


def test_dev_31_after_a_minute_a_code_is_worth_nothing_to_anybody(house: RunningHouse, device: Device) -> None:
    started = approved(house, device)
    first = tokens(device.poll(started))
    house.clock.advance(60)
    refused(device.poll(started), "invalid_grant")
    tokens(device.refresh(first["refresh_token"]))


def test_dev_31_once_the_refresh_token_was_used_there_is_no_second_branch(house: RunningHouse, device: Device) -> None:
    started = approved(house, device)
    first = tokens(device.poll(started))
    fresh = tokens(device.refresh(first["refresh_token"]))
    refused(device.poll(started), "invalid_grant")
    tokens(device.refresh(fresh["refresh_token"]))


def test_dev_31_a_thief_of_the_code_hears_nothing_and_harms_nobody(house: RunningHouse, device: Device) -> None:
    started = approved(house, device)
    first = tokens(device.poll(started))
    thief = Device(house)
    refused(thief.poll(started), "invalid_grant")
    refused(device.poll(started, proof=""), "invalid_grant")
    refused(house.poll(started, "radio", headers={"DPoP": device.proof("/token")}), "invalid_grant")
    tokens(device.refresh(first["refresh_token"]))


def test_dev_31_a_proof_that_was_used_repeats_nothing(house: RunningHouse, device: Device) -> None:
    started = approved(house, device)
    proof = device.proof("/token")
    tokens(device.poll(started, proof))
    refused(device.poll(started, proof), "invalid_dpop_proof")


def test_dev_31_a_client_that_authenticates_hears_it_again_too(house: RunningHouse) -> None:
    started = house.begin("backend", client_secret=SECRET)
    Phone(house).approve(started)
    first, again = tokens(poll_as(house, started, SECRET)), tokens(poll_as(house, started, SECRET))
    assert first["refresh_token"] == again["refresh_token"]
    refused(poll_as(house, started, "wrong"), "invalid_client", 401)
    assert house.post("/revoke", {"token": first["refresh_token"]}, auth=("backend", SECRET)).status_code == 200
    refused(poll_as(house, started, SECRET), "invalid_grant")


def test_dev_31_without_a_key_a_code_is_worth_one_answer(house: RunningHouse) -> None:
    started = house.begin()
    Phone(house).approve(started)
    tokens(house.poll(started))
    refused(house.poll(started), "invalid_grant")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql, two servers"])
def test_dev_31_polls_at_once_with_the_key_all_hear_of_one_sign_in(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    with ExitStack() as doors:
        clock = StoppedClock()
        if kind == "sqlite":
            street = [furnish(doors.enter_context(open_house(tmp_path, clock=clock)))]
        else:
            cluster: Cluster = request.getfixturevalue("postgres")
            url = cluster.database()
            first = furnish(doors.enter_context(open_house(tmp_path, clock=clock, database_url=url)))
            more: dict[str, Any] = {"clock": clock, "database_url": url, "issuer": first.issuer}
            street = [first, doors.enter_context(open_house(tmp_path, **more))]
        device = Device(street[0])
        started = approved(street[0], device)
        form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"], "client_id": "tv"}
        proofs = [device.proof("/token") for _ in range(POLLS)]

        def poll(web: requests.Session, number: int) -> requests.Response:
            url = street[number % len(street)].address + "/token"
            return web.post(url, form, headers={"DPoP": proofs[number]}, timeout=40)

        answers = at_once(poll, POLLS)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1
        assert len(street[0].do(street[0].app.house.store.families())) == 1
