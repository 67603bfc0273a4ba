"""Several servers on one PostgreSQL agree: what one decides, the others answer, at once and after an outage."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.dpop import Key
from tests.house import Clock, Phone, RunningHouse, browser, furnish, open_house
from tests.postgres import Cluster
from tests.waiting import wait_until

ISSUER = "http://127.0.0.1:8628"


@pytest.fixture
def pair(postgres: Cluster, tmp_path: Path) -> Iterator[tuple[RunningHouse, RunningHouse]]:
    """Two servers of one issuer on one database."""
    url, clock = postgres.database(), Clock()
    with ExitStack() as stack:
        one = stack.enter_context(open_house(tmp_path, database_url=url, issuer=ISSUER, clock=clock))
        two = stack.enter_context(open_house(tmp_path, database_url=url, issuer=ISSUER, clock=clock))
        yield furnish(one), two


def test_a_decision_on_one_server_wakes_the_request_held_by_the_other(pair: tuple[RunningHouse, RunningHouse]) -> None:
    one, two = pair
    started = one.begin()
    phone = Phone(two)
    page = phone.open(started)
    answers: list[tuple[float, requests.Response]] = []

    def hold() -> None:
        answer = one.poll(started, headers={"Prefer": "wait=30"})
        answers.append((time.monotonic(), answer))

    held = threading.Thread(target=hold)
    held.start()
    wait_until(lambda: is_held(one))
    phone.submit(page, decision="approve")
    decided_at = time.monotonic()
    held.join(10)
    arrived_at, answer = answers[0]
    assert answer.status_code == 200, answer.text
    assert arrived_at - decided_at < 1


def test_what_one_server_began_the_other_polls_approves_and_redeems_once(
    pair: tuple[RunningHouse, RunningHouse],
) -> None:
    one, two = pair
    started = one.begin()
    assert two.poll(started).json() == {"error": "authorization_pending"}
    Phone(one).approve(started)
    wait_until(lambda: two.poll(started).status_code == 200)
    assert one.poll(started).json()["error"] == "invalid_grant"
    assert two.poll(started).json()["error"] == "invalid_grant"


def test_dev_31_and_chaos_01_fifty_polls_over_two_servers_give_one_token_answer(
    pair: tuple[RunningHouse, RunningHouse],
) -> None:
    one, two = pair
    started = one.begin()
    assert two.poll(started).status_code == 400
    Phone(one).approve(started)
    form = {"grant_type": GRANT_TYPE, "client_id": "tv", "device_code": started["device_code"]}
    gate = threading.Barrier(50)

    def poll(number: int) -> tuple[int, str]:
        with browser() as web:
            gate.wait(30)  # fifty threads of a busy machine line up
            answer = web.post(pair[number % 2].address + "/token", form, timeout=30)
        return answer.status_code, answer.json().get("error", "tokens")

    with ThreadPoolExecutor(50) as crowd:
        answers = Counter(crowd.map(poll, range(50)))
    assert answers.pop((200, "tokens")) == 1
    assert set(answers) <= {(400, word) for word in ("invalid_grant", "authorization_pending", "slow_down")}, answers


def test_dpop_04_a_proof_that_bought_tokens_on_one_server_buys_none_on_the_other(
    pair: tuple[RunningHouse, RunningHouse],
) -> None:
    one, two = pair
    key = Key()

    def prove(path: str = "/token") -> dict[str, str]:
        return {"DPoP": key.proof("POST", ISSUER + path, one.clock())}

    begun = [
        one.post("/device_authorization", {"client_id": "tv"}, headers=prove("/device_authorization")).json()
        for _ in "12"
    ]
    for started in begun:
        Phone(one).approve(started)
    shown = prove()
    assert one.poll(begun[0], headers=shown).status_code == 200
    wait_until(lambda: two.poll(begun[1], headers=shown).json()["error"] == "invalid_dpop_proof")
    assert two.poll(begun[1], headers=prove()).status_code == 200, "and the code is as good as it was"


def test_signing_out_on_one_server_closes_the_api_on_the_other(pair: tuple[RunningHouse, RunningHouse]) -> None:
    one, two = pair
    tokens = one.sign_in()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert two.get("/api/me", headers=bearer).status_code == 200
    one.post("/revoke", {"client_id": "tv", "token": tokens["refresh_token"]})
    wait_until(lambda: two.get("/api/me", headers=bearer).status_code == 401)


def test_one_refresh_token_used_on_both_servers_at_once_leaves_one_family_at_most(
    pair: tuple[RunningHouse, RunningHouse],
) -> None:
    one, two = pair
    tokens = one.sign_in()
    form = {"grant_type": "refresh_token", "client_id": "tv", "refresh_token": tokens["refresh_token"]}
    answers: list[requests.Response] = []
    threads = [
        threading.Thread(target=lambda house=house: answers.append(house.post("/token", form))) for house in (one, two)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    winners = [answer for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    again = form | {"refresh_token": winners[0].json()["refresh_token"]}
    assert two.post("/token", again).json()["error"] == "invalid_grant", "the reuse alarm ends the family"


def test_after_an_outage_of_the_database_nothing_decided_is_missed(
    pair: tuple[RunningHouse, RunningHouse], postgres: Cluster
) -> None:
    one, two = pair
    started = one.begin()
    assert two.poll(started).status_code == 400
    postgres.stop()
    assert one.post("/device_authorization", {"client_id": "tv"}).status_code == 503
    postgres.start()
    wait_until(lambda: all(house.get("/health").status_code == 200 for house in pair), seconds=20)
    Phone(one).approve(started)
    wait_until(lambda: two.poll(started).status_code == 200)


def is_held(house: RunningHouse) -> bool:
    """Whether a request waits for a decision on this server."""
    return any(entry.bell is not None for entry in list(house.app.house.sign_ins._by_code.values()))
