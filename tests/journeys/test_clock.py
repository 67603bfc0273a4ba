"""The server's clock steps by a minute, either way, at every stage of a sign-in: nobody is locked out or let in."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import Phone, RunningHouse, furnish, open_house
from tests.journeys.test_mqtt_life import Paho, credentials
from tests.journeys.test_several_servers import is_held
from tests.waiting import wait_until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    with open_house(tmp_path, mqtt_port=0) as running:
        yield furnish(running)


@pytest.mark.parametrize("step", [60, -60])
def test_chaos_08_a_sign_in_survives_a_step_of_the_clock_at_every_stage(house: RunningHouse, step: int) -> None:
    pending, approved = house.begin(), house.begin()
    phone = Phone(house)
    page = phone.open(pending)
    phone.approve(approved)
    assert house.poll(pending).json()["error"] == "authorization_pending"
    tokens = house.sign_in()
    device = Paho(credentials(house, tokens))
    assert device.call("me", "before")["status"] == 200

    house.clock.advance(step)
    assert house.poll(pending).json()["error"] == "authorization_pending", "a jump is not impatience"
    assert house.poll(approved).status_code == 200
    assert house.me(tokens).status_code == 200
    assert house.refresh(tokens).status_code == 200
    assert device.call("me", "after")["status"] == 200, "the session is still good"
    done = phone.submit(page, decision="approve")
    assert "connected" in done.text, "the form on the phone is still good"
    assert house.poll(pending).status_code == 200
    assert house.me(house.sign_in()).status_code == 200, "and the next sign-in begins as usual"
    device.stop()


@pytest.mark.parametrize("step", [60, -60])
def test_a_held_request_is_answered_by_the_decision_whatever_the_clock_does(house: RunningHouse, step: int) -> None:
    started, answers, phone = house.begin(), [], house.phone()
    page = phone.open(started)
    held = threading.Thread(target=lambda: answers.append(house.poll(started, headers={"Prefer": "wait=30"})))
    held.start()
    wait_until(lambda: is_held(house))
    house.clock.advance(step)
    phone.submit(page, decision="approve")
    held.join(10)
    assert answers[0].status_code == 200


def test_chaos_08_a_clock_that_runs_ahead_ends_what_it_ends_and_a_clock_set_back_revives_nothing_used(
    house: RunningHouse,
) -> None:
    pending, tokens = house.begin(), house.sign_in()
    house.clock.advance(601)
    assert house.poll(pending).json()["error"] == "expired_token"
    assert Phone(house).open(pending).status_code == 410
    house.clock.advance(300)
    assert house.me(tokens).status_code == 401, "expired"
    fresh = house.refresh(tokens).json()
    house.clock.advance(-901)
    assert house.me(fresh).status_code == 200
    assert house.refresh(tokens).json()["error"] == "invalid_grant", "spent is spent, whatever the time"
    assert house.me(fresh).status_code == 401, "and its second use was an alarm"


def test_chaos_08_a_lock_against_guessing_is_not_opened_by_setting_the_clock_back(house: RunningHouse) -> None:
    started, phone = house.begin(), Phone(house)
    phone.open(started)
    while phone.web.get(f"{house.address}/D/BCDFGHJK", timeout=10).status_code == 404:
        continue
    house.clock.advance(-60)
    assert phone.web.get(f"{house.address}/D/BCDFGHJK", timeout=10).status_code == 429
    house.clock.advance(60 + 601)
    assert phone.web.get(f"{house.address}/D/BCDFGHJK", timeout=10).status_code == 404, "it ends at its time"
