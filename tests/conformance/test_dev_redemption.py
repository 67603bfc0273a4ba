"""RFC 8628, 3.5: an approval is worth one token response, however many ask at once, of however many servers."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import StoppedClock, at_once, refresh, refused, tokens
from tests.forms import Forms
from tests.house import Phone, RunningHouse, furnish, open_house
from tests.postgres import Cluster

POLLS = 50


@pytest.fixture(scope="module", params=["sqlite", "postgresql, two servers"])
def street(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunningHouse]]:
    """The servers that share one storage, with one clock and one issuer."""
    folder, clock = tmp_path_factory.mktemp("house"), StoppedClock()
    with ExitStack() as doors:
        if request.param == "sqlite":
            yield [furnish(doors.enter_context(open_house(folder, clock=clock)))]
            return
        cluster: Cluster = request.getfixturevalue("postgres")
        url = cluster.database()
        first = furnish(doors.enter_context(open_house(folder, clock=clock, database_url=url)))
        issuer = first.issuer
        yield [first, doors.enter_context(open_house(folder, clock=clock, database_url=url, issuer=issuer))]


def poll_at_once(street: list[RunningHouse], started: dict[str, Any], count: int = POLLS) -> list[requests.Response]:
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"], "client_id": "tv"}

    def poll(web: requests.Session, number: int) -> requests.Response:
        return web.post(street[number % len(street)].address + "/token", form, timeout=40)

    return at_once(poll, count)


def words(answers: list[requests.Response]) -> Counter[str]:
    return Counter(answer.json().get("error", "tokens") for answer in answers)


def test_dev_31_fifty_polls_at_once_get_tokens_once(street: list[RunningHouse]) -> None:
    phone = Phone(street[0])
    for _ in range(3):
        started = street[0].begin()
        phone.approve(started)
        answers = poll_at_once(street, started)
        assert words(answers) == {"tokens": 1, "invalid_grant": POLLS - 1}
        for house in street:
            refused(house.poll(started), "invalid_grant")
        won = next(tokens(answer) for answer in answers if answer.status_code == 200)
        assert tokens(refresh(street[-1], won["refresh_token"]))["access_token"] != won["access_token"]


def test_dev_31_polls_while_the_person_decides_neither_lose_nor_revive_it(street: list[RunningHouse]) -> None:
    """Polls write how they pace; approvals come twice; neither may undo the other, nor the redemption."""
    phone = Phone(street[-1])
    before = len(street[0].do(street[0].app.house.store.families()))
    started = street[0].begin()
    form = Forms(phone.open(started).text).with_control("decision")
    decision = form.fields | {"decision": ["approve"]}
    poll = {"grant_type": GRANT_TYPE, "device_code": started["device_code"], "client_id": "tv"}
    path = started["verification_uri_complete"].removeprefix(street[0].issuer)

    def race(web: requests.Session, number: int) -> requests.Response:
        house = street[number % len(street)]
        if number not in (0, 9, 18, 27):
            return web.post(house.address + "/token", poll, timeout=40)
        web.cookies.update(phone.web.cookies)
        return web.post(house.address + path, decision, allow_redirects=False, timeout=40)

    answers = at_once(race, 30)
    assert {answer.status_code for answer in answers} <= {200, 303, 400}
    street[0].clock.advance(60)
    later = [house.poll(started) for house in street for _ in range(2)]
    redeemed = [one for one in [*answers, *later] if one.status_code == 200]
    assert len(redeemed) == 1
    for house in street:
        refused(house.poll(started), "invalid_grant")
    assert len(street[0].do(street[0].app.house.store.families())) == before + 1


def test_two_people_at_the_same_instant_are_one_decision(street: list[RunningHouse]) -> None:
    """Whoever came first has decided; what the device is told is what exactly one of the two was told."""
    phones = [Phone(street[0], "ana"), Phone(street[-1], "ben")]
    forms = [Forms(phone.open(street[0].begin()).text).with_control("decision").fields for phone in phones]
    for _ in range(5):
        started = street[0].begin()
        path = started["verification_uri_complete"].removeprefix(street[0].issuer)
        phones[0].open(started)

        def decide(web: requests.Session, number: int, path: str = path, forms: Any = forms) -> requests.Response:
            phone, word = phones[number], ("approve", "deny")[number]
            web.cookies.update(phone.web.cookies)
            return web.post(
                phone.house.address + path, forms[number] | {"decision": [word]}, allow_redirects=False, timeout=40
            )

        approve, deny = at_once(decide, 2)
        assert {approve.status_code, deny.status_code} == {303, 409}
        answer = poll_at_once(street, started, 1)[0]
        assert answer.status_code == (200 if approve.status_code == 303 else 400)
        if answer.status_code == 400:
            refused(answer, "access_denied")


def test_bcp_07_parallel_refreshes_leave_one_family_that_lives_or_none(street: list[RunningHouse]) -> None:
    """The same refresh token twenty times: one successor at most is handed out, then the alarm ends the family."""
    held = street[0].sign_in()
    form = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"], "client_id": "tv"}

    def use(web: requests.Session, number: int) -> requests.Response:
        return web.post(street[number % len(street)].address + "/token", form, timeout=40)

    answers = at_once(use, 20)
    assert words(answers) == {"tokens": 1, "invalid_grant": 19}
    successor = next(answer.json()["refresh_token"] for answer in answers if answer.status_code == 200)
    for house in street:
        refused(refresh(house, successor), "invalid_grant")


def test_a_refresh_that_races_with_the_sign_out_leaves_nothing_alive(street: list[RunningHouse]) -> None:
    for _ in range(5):
        held = street[0].sign_in()["refresh_token"]
        forms = (
            ("/token", {"grant_type": "refresh_token", "refresh_token": held, "client_id": "tv"}),
            ("/revoke", {"token": held, "client_id": "tv"}),
        )

        def race(web: requests.Session, number: int, forms: Any = forms) -> requests.Response:
            path, form = forms[number]
            return web.post(street[number % len(street)].address + path, form, timeout=40)

        refreshed, revoked = at_once(race, 2)
        assert revoked.status_code == 200
        last = refreshed.json().get("refresh_token", held)
        refused(refresh(street[0], last), "invalid_grant")
        refused(refresh(street[0], held), "invalid_grant")


@pytest.mark.parametrize("step", [-60, 60])
def test_a_clock_that_jumps_a_minute_locks_nobody_out(tmp_path: Path, step: int) -> None:
    with open_house(tmp_path, clock=StoppedClock()) as house:
        furnish(house)
        started = house.begin()
        house.clock.advance(20)
        refused(house.poll(started), "authorization_pending")
        house.clock.advance(step)
        refused(house.poll(started), "authorization_pending")
        house.clock.advance(5)
        refused(house.poll(started), "authorization_pending")
        Phone(house).approve(started)
        held = tokens(house.poll(started))
        house.clock.advance(-step)
        assert tokens(refresh(house, held["refresh_token"]))["expires_in"] > 0
