"""RFC 10027 (BCP 247): what operators lay down for the device flow, of one app or of all, through the front door."""

from collections.abc import Iterator
from typing import Any

import pytest

from server.checks import checked
from server.live.refusals import PER_NETWORK
from server.settings import Settings, SettingsError
from tests.conformance.ladder import (
    ABROAD,
    HOME,
    MOBILE,
    Device,
    answer,
    events,
    go_on,
    lasts_for,
    open_ladder,
    phone_at,
)
from tests.conformance.wire import refused
from tests.house import RunningHouse, open_house
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_ladder(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"device_policy": "allow"}, "device_policy"),
        ({"device_policy": "perhaps"}, "device_policy"),
        ({"device_digits": "maybe"}, "device_digits"),
        ({"device_networks": ("next door",)}, "device_networks"),
        ({"device_scopes": {"profile": "L9"}}, "device_scopes"),
        ({"far_for": 0}, "far_for"),
    ],
)
def test_xd_01_an_instance_without_any_mitigation_is_refused_at_start_by_name(
    changes: dict[str, Any], name: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        checked(Settings(**changes))
    assert checked(Settings()).device_policy == "challenge"
    assert checked(Settings(device_policy="allow", device_networks=("10.0.0.0/8",)))


def test_xd_10_codes_are_given_in_trusted_networks_only(house: RunningHouse) -> None:
    assert Device(house, HOME, "indoors", shows=False).begin()["user_code"]
    for address in (MOBILE, ABROAD, "2001:db9::1"):
        asked = house.post("/device_authorization", {"client_id": "indoors"}, headers={"X-Forwarded-For": address})
        refused(asked, "access_denied", 403)


def test_xd_10_a_forwarding_header_of_ones_own_does_not_help(tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_house(tmp_path_factory.mktemp("bare"), device_networks=("203.0.113.0/24",)) as house:
        house.add_client("tv")
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            asked = house.post("/device_authorization", {"client_id": "tv"}, headers={header: HOME})
            refused(asked, "access_denied", 403)


def test_xd_05_whoever_is_stopped_again_and_again_does_not_fill_the_audit(house: RunningHouse) -> None:
    device, phone = Device(house, ABROAD, "strict", shows=False), phone_at(house)
    device.begin()
    for _ in range(25):
        phone.open(device.started)
    wait_until(lambda: house.app.house.refusals.is_settled, 10)
    mine = [each for each in events(house, "stopped") if each.client_id == "strict" and each.address == HOME]
    assert 0 < len(mine) <= PER_NETWORK


def test_xd_11_and_xd_20_sensitive_scopes_are_kept_from_this_flow(house: RunningHouse) -> None:
    asked = {"client_id": "modest", "scope": "readings:write"}
    refused(house.post("/device_authorization", asked, headers={"X-Forwarded-For": HOME}), "invalid_scope")
    device, phone = Device(house, ABROAD, "modest"), phone_at(house)
    page = phone.open(device.begin())
    page = go_on(phone, page)
    assert "because it is not close to you" in page.text
    answer(phone, page, "match", match=device.number, decision="approve")
    assert device.tokens()["scope"] == "readings:read"


def test_xd_12_the_further_away_the_shorter_it_lasts(house: RunningHouse) -> None:
    for address, limit in ((HOME, 12 * 3_600_000), (MOBILE, 3_600_000)):
        device, phone = Device(house, HOME, "modest"), phone_at(house, address)
        page = phone.open(device.begin())
        answer(phone, page, "match", match=device.number, **({} if address == HOME else {"decision": "approve"}))
        held = device.tokens()
        assert lasts_for(house) == limit
        assert held["expires_in"] <= limit // 1_000
        house.clock.advance(limit / 1_000)
        refused(house.refresh(held, "modest"), "invalid_grant")


def test_xd_09_a_policy_of_the_client_stops_strangers(house: RunningHouse) -> None:
    device = Device(house, HOME, "strict")
    stopped = phone_at(house, MOBILE).open(device.begin())
    assert stopped.status_code == 403
    assert "We stopped this request" in stopped.text
    phone = phone_at(house)
    assert "connected" in phone.submit(phone.open(device.started), match=device.number).text, "nothing was burned"
    unable = Device(house, HOME, "shows", shows=False)
    assert phone.open(unable.begin()).status_code == 403


def test_xd_09_whoever_looks_again_and_again_does_not_fill_the_log(
    house: RunningHouse, caplog: pytest.LogCaptureFixture
) -> None:
    device, phone = Device(house, HOME, "strict"), phone_at(house, "198.51.100.99")
    device.begin()
    house.clock.advance(60)
    for _ in range(PER_NETWORK + 5):
        assert phone.open(device.started).status_code == 403
    lines = [each for each in caplog.messages if "a sign-in was stopped" in each]
    assert len(lines) == PER_NETWORK
    house.clock.advance(60)
    phone.open(device.started)
    assert len([each for each in caplog.messages if "a sign-in was stopped" in each]) == PER_NETWORK + 1


def test_xd_01_report_only_stops_nobody_and_notes_who_would_have_been(house: RunningHouse) -> None:
    device, phone = Device(house, HOME, "noted"), phone_at(house, MOBILE, "ben")
    page = phone.open(device.begin())
    phone.open(device.started)
    page = phone.open(device.started)
    assert "connected" in answer(phone, page, "match", match=device.number, decision="approve").text
    noted = [each for each in events(house, "would_stop") if each.client_id == "noted"]
    assert [(each.account_id, each.detail) for each in noted] == [
        ("account-ben", "L2, network different, country same, type")
    ]


def test_xd_19_numbers_can_be_turned_off_by_policy_alone(house: RunningHouse) -> None:
    device, phone = Device(house, HOME, "blind"), phone_at(house)
    assert "on a screen in front of you" in phone.open(device.begin()).text
    assert "match" not in device.poll().json()
    away = Device(house, ABROAD, "open")
    assert "on a screen in front of you" in phone.open(away.begin()).text
