"""Only devices that are known beforehand (RFC 10027 section 6.1.7), told by the keys that they prove."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conformance.wire import refused
from tests.dpop import Key
from tests.house import RunningHouse, furnish, open_house

KNOWN, OTHER, STRANGER = Key(), Key(), Key()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("known")) as running:
        furnish(running)
        running.add_client("kiosk", is_for_known_devices=True)
        running.do(running.app.house.store.add_device_keys("kiosk", [KNOWN.jkt], running.clock()))
        running.do(running.app.house.store.add_device_keys("tv", [OTHER.jkt], running.clock()))
        yield running


def send(house: RunningHouse, path: str, key: Key | None, form: dict[str, Any]) -> requests.Response:
    headers = {} if key is None else {"DPoP": key.proof("POST", house.issuer + path, house.clock())}
    return house.post(path, form, headers=headers)


def begin(house: RunningHouse, key: Key | None) -> requests.Response:
    return send(house, "/device_authorization", key, {"client_id": "kiosk"})


def test_xd_09_only_a_known_device_begins_a_sign_in(house: RunningHouse) -> None:
    for key in (None, STRANGER, OTHER):
        refused(begin(house, key), "unauthorized_client")
    started = begin(house, KNOWN).json()
    house.phone().approve(started)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "kiosk"}
    form["device_code"] = started["device_code"]
    for key in (None, STRANGER):
        refused(send(house, "/token", key, form), "invalid_grant")
    tokens = send(house, "/token", KNOWN, form).json()
    assert tokens["token_type"] == "DPoP"
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "kiosk"}
    refused(send(house, "/token", STRANGER, again), "invalid_grant")
    assert send(house, "/token", KNOWN, again).status_code == 200


def test_xd_09_a_copied_proof_lets_no_stranger_in(house: RunningHouse) -> None:
    copied = KNOWN.proof("POST", house.issuer + "/device_authorization", house.clock())
    for status in (200, 400):
        answer = house.post("/device_authorization", {"client_id": "kiosk"}, headers={"DPoP": copied})
        assert answer.status_code == status


def test_xd_09_a_device_that_is_taken_back_begins_nothing_more(house: RunningHouse) -> None:
    fleeting = Key()
    house.do(house.app.house.store.add_device_keys("kiosk", [fleeting.jkt], house.clock()))
    assert begin(house, fleeting).status_code == 200
    house.do(house.app.house.store.remove_device_keys("kiosk", [fleeting.jkt]))
    refused(begin(house, fleeting), "unauthorized_client")
