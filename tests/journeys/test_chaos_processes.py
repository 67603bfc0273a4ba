"""The races of test_chaos.py, and deaths, with real processes on PostgreSQL: two servers, and one with two workers."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.commands.process import ALL_SCOPES, TV
from tests.house import SECRET, Phone, browser
from tests.journeys.doors import KINDS, Doors, commits_that_hang, hanging, open_doors
from tests.journeys.test_chaos import WAITING, at_once, error_of
from tests.postgres import Cluster
from tests.waiting import wait_until

ROUNDS = 4


@pytest.fixture(scope="module", params=KINDS)
def doors(
    request: pytest.FixtureRequest, postgres: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doors]:
    with open_doors(request.param, postgres.database(), tmp_path_factory.mktemp("doors")) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def own_doors(request: pytest.FixtureRequest, postgres: Cluster, tmp_path: Path) -> Iterator[Doors]:
    """Doors that the test may kill."""
    with open_doors(request.param, postgres.database(), tmp_path) as opened:
        yield opened


def approved(doors: Doors) -> dict[str, Any]:
    """A sign-in that `tv` began and the person approved."""
    started = doors.near.begin()
    doors.near.phone().approve(started)
    return started


def signed_in(doors: Doors) -> dict[str, Any]:
    started, answers = approved(doors), []
    wait_until(lambda: answers.append(doors.poll(0, started)) or answers[-1].status_code == 200)
    tokens: dict[str, Any] = answers[-1].json()
    return tokens


def test_chaos_02_of_yes_and_no_one_holds_in_every_process(doors: Doors) -> None:
    ana, also_ana = Phone(doors.near), Phone(doors.far)
    for _ in range(ROUNDS):
        started = doors.near.begin()
        one, two = ana.open(started), also_ana.open(started)
        at_once(
            lambda page=one: ana.submit(page, decision="approve"),
            lambda page=two: also_ana.submit(page, decision="deny"),
        )
        wait_until(lambda s=started: error_of(doors.poll(1, s)) not in WAITING)
        ends = {error_of(doors.poll(door, started)) for door in (0, 1, 0, 1)}
        assert ends in ({"invalid_grant"}, {"access_denied"})


def test_chaos_04_polls_that_race_with_the_approval_give_tokens_once(doors: Doors) -> None:
    phone = Phone(doors.far)
    for _ in range(ROUNDS):
        started = doors.near.begin()
        page = phone.open(started)
        polls = [lambda door=door, s=started: doors.poll(door, s) for door in (0, 1) for _ in "1234"]
        _, *answers = at_once(lambda page=page: phone.submit(page, decision="approve"), *polls)
        words = [error_of(answer) for answer in answers]
        if "" not in words:
            wait_until(lambda s=started, words=words: words.append(error_of(doors.poll(1, s))) or not words[-1])
        assert words.count("") == 1
        assert [error_of(doors.poll(door, started)) for door in (0, 1)] == ["invalid_grant"] * 2


def test_chaos_05_of_parallel_refreshes_one_has_a_successor_and_the_alarm_ends_it(doors: Doors) -> None:
    for _ in range(ROUNDS):
        tokens = signed_in(doors)
        answers = at_once(*(lambda door=door, was=tokens: doors.refresh(door, was) for door in (0, 1) for _ in "12345"))
        won = [answer.json() for answer in answers if not error_of(answer)]
        assert len(won) == 1
        assert error_of(doors.refresh(1, won[0])) == "invalid_grant"
        wait_until(lambda won=won: not any(doors.is_alive(won[0], door) for door in (0, 1)))


# What ends it, and what makes the house as it was for the next test.
ENDINGS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("the device", (), ()),
    ("a sign-out", ("device", "sign-out", "--user", "ana"), ()),
    ("the account", ("user", "disable", "ana"), ("user", "enable", "ana")),
    ("the client", ("client", "disable", "tv"), ("client", "enable", "tv")),
    ("the client for good", ("client", "remove", "tv"), ("client", "add", *TV, *ALL_SCOPES)),
)


@pytest.mark.parametrize(("command", "undo"), [ending[1:] for ending in ENDINGS], ids=[ending[0] for ending in ENDINGS])
def test_chaos_06_refreshes_that_race_with_the_end_leave_nothing_alive(
    doors: Doors, command: tuple[str, ...], undo: tuple[str, ...]
) -> None:
    is_over = threading.Event()
    newest = [signed_in(doors)]

    def refresh_on() -> None:
        while not is_over.is_set():
            answer = doors.refresh(len(newest), newest[-1])
            if answer.status_code != 200:
                return
            newest.append(answer.json())

    def end() -> None:
        wait_until(lambda: len(newest) > 3, 20)
        if not command:
            doors.post(1, "/revoke", {"client_id": "tv", "token": newest[-1]["refresh_token"]})
        else:
            ended = doors.porchlight.run(*command)
            assert ended.code == 0, ended.err
        is_over.set()

    with ThreadPoolExecutor(2) as crowd:
        both: list[Future[None]] = [crowd.submit(refresh_on), crowd.submit(end)]
        try:
            both[1].result(60)
        finally:
            is_over.set()
        both[0].result(40)
    for door in (0, 1, 0, 1):
        wait_until(lambda door=door: not any(doors.is_alive(each, door) for each in newest[-4:]), 10)
        assert doors.refresh(door, newest[-1]).status_code in (400, 401)
    if undo:
        doors.porchlight.do(*undo)


@pytest.mark.parametrize("client", ["tv", "wall"])
def test_chaos_07_all_die_between_the_redemption_and_the_answer(
    own_doors: Doors, postgres: Cluster, client: str
) -> None:
    """A public device must start again; one that authenticates asks again, and gets the one answer there is."""
    doors, poll = own_doors, POLLS[client]
    started = begin(doors, client)
    doors.near.phone().approve(started)
    with commits_that_hang(doors.porchlight.url) as connection, ThreadPoolExecutor(1) as device:
        lost = device.submit(poll, doors, 0, started)
        wait_until(lambda: hanging(connection) == 1, 20)
        doors.kill()
        with pytest.raises(requests.ConnectionError):
            lost.result(20)
    with doors.again() as after:
        answers = [poll(after, door, started) for door in (0, 1)]
        if client == "tv":
            assert [error_of(answer) for answer in answers] == ["invalid_grant"] * 2, "what is consumed is consumed"
        else:
            assert len({answer.json()["refresh_token"] for answer in answers}) == 1
            assert all(after.is_alive(answer.json(), 1) for answer in answers)
        listed = after.porchlight.do("device", "list")["devices"]
        assert [each["client_id"] for each in listed] == [client], "it is on the person's list, where it can be ended"
        assert after.is_alive(signed_in(after), 1)


def begin(doors: Doors, client: str) -> dict[str, Any]:
    auth = None if client == "tv" else (client, SECRET)
    form = {"scope": "profile"} | ({"client_id": client} if auth is None else {})
    started: dict[str, Any] = doors.post(0, "/device_authorization", form, auth=auth).json()
    return started


def poll_of_wall(doors: Doors, door: int, started: dict[str, Any]) -> requests.Response:
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"]}
    return doors.post(door, "/token", form, auth=("wall", SECRET))


POLLS = {"tv": Doors.poll, "wall": poll_of_wall}


def test_chaos_11_limits_are_shared_and_survive_the_death_of_every_process(postgres: Cluster, tmp_path: Path) -> None:
    with open_doors("two servers", postgres.database(), tmp_path, "--tries-per-network", "4") as doors:
        started = doors.near.begin()
        right = f"/D/{started['user_code'].replace('-', '')}"

        def look(door: int, path: str) -> int:
            with browser() as web:
                return web.get(doors.servers[door].address + path, timeout=20).status_code

        assert [look(door, "/D/BCDFGHJK") for door in (0, 1, 0, 1)] == [404] * 4
        assert [look(door, right) for door in (0, 1)] == [429] * 2, "a right code does not help whoever guessed"
        doors.kill()
        with doors.again() as after:
            doors.servers = after.servers
            assert [look(door, right) for door in (0, 1)] == [429] * 2
            assert error_of(after.poll(1, started)) in WAITING
