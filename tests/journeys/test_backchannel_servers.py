"""Apps that ask people, over two servers on one PostgreSQL: one answers for the other, and one notifies for both."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conformance.backchannel import NOTIFICATION_TOKEN, App, add_app, answer, look
from tests.conformance.wire import at_once, refused, tokens
from tests.house import Clock, Phone, RunningHouse, furnish, open_house
from tests.outbound_server import Elsewhere, open_elsewhere
from tests.postgres import Cluster
from tests.waiting import wait_until

ISSUER = "http://127.0.0.1:8628"
Pair = tuple[RunningHouse, RunningHouse]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    with open_elsewhere(tmp_path) as place:
        yield place


@pytest.fixture
def pair(postgres: Cluster, tmp_path: Path, elsewhere: Elsewhere) -> Iterator[Pair]:
    """Two servers of one issuer on one database."""
    settings = {"database_url": postgres.database(), "issuer": ISSUER, "clock": Clock()}
    outward = {"outbound_private": True, "outbound_ca": elsewhere.ca}
    with ExitStack() as stack:
        one, two = (stack.enter_context(open_house(tmp_path, **settings, **outward)) for _ in range(2))
        furnish(one)
        add_app(one, "till")
        for mode in ("ping", "push"):
            add_app(one, mode, mode, backchannel_client_notification_endpoint=elsewhere.origin + "/hear")
        yield one, two


def test_an_answer_on_one_server_wakes_the_request_held_by_the_other(pair: Pair) -> None:
    one, two = pair
    begun = App(one).begin(Phone(one))
    page = look(Phone(two))
    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(App(one).poll, begun, headers={"Prefer": "wait=25"})
        wait_until(lambda: any(each.bell is not None for each in one.app.house.backchannels._asked.values()))
        phone = Phone(two)
        answer(phone)
        assert tokens(held.result(10))
    assert page.status_code == 200
    refused(App(two).poll(begun), "invalid_grant")


def test_ciba_09_of_fifty_redemptions_over_two_servers_one_buys_tokens(pair: Pair) -> None:
    begun = App(pair[0]).begin(Phone(pair[0]))
    answer(Phone(pair[1]))
    answers = at_once(lambda web, number: App(pair[number % 2]).poll(begun, web), 50)
    assert sorted(each.status_code for each in answers) == [200] + [400] * 49


def test_ciba_14_two_servers_put_one_request_before_a_person(pair: Pair) -> None:
    answers = at_once(lambda _, number: App(pair[number % 2]).ask(Phone(pair[0])).status_code, 10)
    assert sorted(answers) == [200] + [429] * 9


@pytest.mark.parametrize("mode", ["ping", "push"])
def test_ciba_11_and_12_of_two_servers_one_notifies(pair: Pair, elsewhere: Elsewhere, mode: str) -> None:
    one, two = pair
    begun = App(one, mode).begin(Phone(one), client_notification_token=NOTIFICATION_TOKEN)
    answer(Phone(two))
    for house in pair:
        house.loop.call_soon_threadsafe(house.app.notifications.wake)
    wait_until(lambda: not one.do(one.app.house.store.due_backchannels(2**60, 9)))
    (asked,) = elsewhere.asked
    assert json.loads(asked.body)["auth_req_id"] == begun["auth_req_id"]
    assert len(one.do(one.app.house.store.families())) == (mode == "push")
