"""Two things at the same instant, many times over: one of them wins, everybody agrees which, and nothing is left over.

Over SQLite with one server, and over PostgreSQL with two that share it (`near` and `far`).
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from server.oauth import user_code
from server.oauth.user_code import Profile
from tests.house import Clock, Phone, RunningHouse, furnish, open_house
from tests.waiting import wait_until

ROUNDS = 8
WAITING = ("authorization_pending", "slow_down")
GONE = ("invalid_grant",)


class Houses(NamedTuple):
    """Two doors of one Porchlight: two servers on PostgreSQL, the same one twice on SQLite."""

    near: RunningHouse
    far: RunningHouse


def open_houses(stack: ExitStack, tmp_path: Path, url: str, **settings: Any) -> Houses:
    issuer, clock = "http://127.0.0.1:8628", Clock()
    near = stack.enter_context(open_house(tmp_path, database_url=url, issuer=issuer, clock=clock, **settings))
    if url.startswith("sqlite"):
        return Houses(furnish(near), near)
    far = stack.enter_context(open_house(tmp_path, database_url=url, issuer=issuer, clock=clock, **settings))
    return Houses(furnish(near), far)


@pytest.fixture
def houses(shared_url: str, tmp_path: Path) -> Iterator[Houses]:
    with ExitStack() as stack:
        yield open_houses(stack, tmp_path, shared_url)


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all this at the same instant; what each of them gave, in order."""
    gate = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        gate.wait(20)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as crowd:
        return [each.result(40) for each in [crowd.submit(do, deed) for deed in deeds]]


def error_of(answer: requests.Response) -> str:
    """The error word of an answer, "" for tokens; anything else is a fault of the server's."""
    assert answer.status_code in (200, 400), answer.text
    return str(answer.json().get("error", ""))


def test_chaos_02_of_yes_and_no_at_the_same_instant_one_holds_for_everybody(houses: Houses) -> None:
    won: Counter[str] = Counter()
    ana, also_ana = Phone(houses.near, "ana"), Phone(houses.far, "ana")
    for _ in range(ROUNDS):
        started = houses.near.begin()
        one, two = ana.open(started), also_ana.open(started)
        pages = at_once(
            lambda page=one: ana.submit(page, decision="approve"),
            lambda page=two: also_ana.submit(page, decision="deny"),
        )
        wait_until(lambda started=started: error_of(houses.far.poll(started)) not in WAITING)
        ends = [error_of(house.poll(started)) for house in (houses.far, houses.near)]
        assert [page.status_code for page in pages] == [200, 200]
        assert pages[0].url.rpartition("/")[2] == pages[1].url.rpartition("/")[2]
        said = {"connected" in page.text for page in pages}
        assert len(said) == 1, "both phones say the same"
        assert ends in (["invalid_grant"] * 2, ["access_denied"] * 2)
        assert said == {ends[0] == "invalid_grant"}, "and what they say is what the device got"
        won[ends[0]] += 1
    assert sum(won.values()) == ROUNDS


def test_of_two_people_who_open_one_code_at_once_none_is_let_on(houses: Houses) -> None:
    """The code that came to two people came from somebody else: whoever is second ends it for both."""
    ana, ben = Phone(houses.near, "ana"), Phone(houses.far, "ben")
    for phone in (ana, ben):
        phone.open(houses.near.begin())
    for _ in range(ROUNDS):
        started = houses.near.begin()
        pages = at_once(lambda s=started: ana.open(s), lambda s=started: ben.open(s))
        assert sorted(page.status_code for page in pages) == [200, 403]
        first, page = (ana, pages[0]) if pages[0].status_code == 200 else (ben, pages[1])
        assert first.submit(page, decision="approve").status_code == 403
        wait_until(lambda s=started: error_of(houses.far.poll(s)) not in WAITING)
        assert error_of(houses.near.poll(started)) == "access_denied"


def test_chaos_04_polls_that_race_with_the_approval_give_tokens_once(houses: Houses) -> None:
    phone = Phone(houses.far)
    for number in range(ROUNDS):
        started = houses.near.begin()
        page = phone.open(started)
        assert error_of(houses.near.poll(started)) == "authorization_pending"
        held = {"headers": {"Prefer": "wait=10"}} if number % 2 else {}
        polls = [
            lambda house=house, started=started, held=held: house.poll(started, **held)
            for house in houses
            for _ in "123"
        ]
        decided, *answers = at_once(lambda page=page: phone.submit(page, decision="approve"), *polls)
        assert decided.status_code == 200
        errors = [error_of(answer) for answer in answers]
        assert set(errors) <= {"", *WAITING, *GONE}
        last = [error_of(houses.near.poll(started))]
        if "" not in errors:
            wait_until(lambda s=started, end=last: end.append(error_of(houses.near.poll(s))) or end[-1] not in WAITING)
        assert [*errors, *last].count("") == 1
        assert error_of(houses.far.poll(started)) == "invalid_grant"


def test_chaos_03_an_approval_that_races_with_expiry_gives_no_late_tokens(houses: Houses) -> None:
    clock, phones = houses.near.clock, [Phone(houses.near, "ana"), Phone(houses.far, "ben")]
    started = [houses.near.begin() for _ in range(8)]
    expires_at = clock() + 600_000
    pages = [phones[number % 2].open(each) for number, each in enumerate(started)]
    clock.ahead += expires_at - clock() - 200  # milliseconds, and they have all expired
    late: list[str] = []

    def decide(number: int) -> None:
        wait_until(lambda: clock() >= expires_at - 200 + 50 * number)  # one after the other, across the moment
        asked_at = clock()
        page = phones[number % 2].submit(pages[number], decision="approve")
        assert page.status_code in (200, 410), page.text
        if page.status_code == 200 and asked_at > expires_at:
            late.append("approved")

    def poll(number: int) -> None:
        while (asked_at := clock()) < expires_at + 300:
            word = error_of(houses.far.poll(started[number]))
            if asked_at > expires_at and word not in ("expired_token", "invalid_grant"):
                late.append(word)

    at_once(*(lambda n=n: decide(n) for n in range(8)), *(lambda n=n: poll(n) for n in range(8)))
    assert not late
    for each in started:
        assert error_of(houses.near.poll(each)) in ("expired_token", "invalid_grant")


def test_chaos_05_parallel_uses_of_one_refresh_token_leave_one_successor(houses: Houses) -> None:
    for _ in range(3):
        tokens = houses.near.sign_in()
        answers = at_once(
            *(lambda house=house, tokens=tokens: house.refresh(tokens) for house in houses for _ in "12345")
        )
        errors = [error_of(answer) for answer in answers]
        assert set(errors) <= {"", "invalid_grant"}
        successors = {
            answer.json()["refresh_token"] for answer, error in zip(answers, errors, strict=True) if not error
        }
        assert len(successors) == 1
        assert error_of(houses.far.refresh(tokens)) == "invalid_grant"


Ending = Callable[[Houses, dict[str, Any]], None]


def revoke(houses: Houses, tokens: dict[str, Any]) -> None:
    """The device signs itself out."""
    answer = houses.far.post("/revoke", {"client_id": "tv", "token": tokens["refresh_token"]})
    assert answer.status_code == 200


def disable_account(houses: Houses, tokens: dict[str, Any]) -> None:
    """As `porchlight user disable` does it."""
    store = houses.far.app.house.store

    async def disable() -> None:
        account = await store.find_account("account-ana")
        assert account is not None
        await store.change_account(replace(account, is_enabled=False))
        for family in await store.families(account.account_id):
            await store.end_family(family.family_id, houses.far.clock())

    houses.far.do(disable())


def disable_client(houses: Houses, tokens: dict[str, Any]) -> None:
    """As `porchlight client disable` does it."""
    store = houses.far.app.house.store

    async def disable() -> None:
        client = await store.find_client("tv")
        assert client is not None
        await store.change_client(replace(client, is_enabled=False))
        for family in await store.families():
            await store.end_family(family.family_id, houses.far.clock())

    houses.far.do(disable())


@pytest.mark.parametrize("end", [revoke, disable_account, disable_client])
def test_chaos_06_whatever_races_with_the_end_of_a_sign_in_is_dead_afterwards(houses: Houses, end: Ending) -> None:
    tokens = houses.near.sign_in()
    newest, approved = [tokens], [houses.near.begin() for _ in range(4)]
    for each in approved:
        houses.near.phone().approve(each)
    is_over = threading.Event()

    def refresh_on() -> None:
        while not is_over.is_set():
            answer = houses.near.refresh(newest[-1])
            if answer.status_code != 200:
                return
            newest.append(answer.json())

    def collect(started: dict[str, Any]) -> list[dict[str, Any]]:
        answer = houses.near.poll(started)
        return [answer.json()] if answer.status_code == 200 else []

    def end_it() -> None:
        end(houses, newest[-1])
        is_over.set()

    try:
        _, _, *collected = at_once(refresh_on, end_it, *(lambda each=each: collect(each) for each in approved))
    finally:
        is_over.set()
    issued = newest if end is revoke else [*newest, *chain(*collected)]
    wait_until(lambda: all(house.me(each).status_code == 401 for each in issued for house in houses), 2)
    for each in issued:
        assert houses.near.refresh(each).json()["error"] in ("invalid_grant", "unauthorized_client", "invalid_client")


def test_chaos_09_user_codes_that_collide_are_drawn_again_and_never_shared(
    shared_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_code, "LETTERS", Profile("letters", "BC", 6, 4))  # 64 codes
    with ExitStack() as stack:
        houses = open_houses(stack, tmp_path, shared_url)

        def begin(house: RunningHouse) -> requests.Response:
            return house.post("/device_authorization", {"client_id": "tv"})

        answers = at_once(*(lambda house=house: begin(house) for house in houses for _ in range(20)))
        answers += [begin(houses.near) for _ in range(80)]
        begun = [answer.json() for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert len(begun) > 40
        assert len({each["user_code"] for each in begun}) == len(begun) <= 64
        assert {answer.status_code for answer in refused} == {503}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        Phone(houses.far).approve(begun[0])
        wait_until(lambda: houses.near.poll(begun[0]).status_code == 200)
        assert all(error_of(houses.near.poll(each)) in WAITING for each in begun[1:5]), "nobody else was approved"
        houses.near.clock.advance(1_300)
        houses.near.do(houses.near.app.house.sweep())
        assert begin(houses.near).status_code == 200, "codes are free again after their end"


def test_chaos_07_an_answer_that_was_lost_after_the_redemption_is_not_given_twice(
    houses: Houses, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = houses.near.begin()
    Phone(houses.near).approve(started)

    def break_down(*_: object) -> str:
        raise RuntimeError("the power failed between the redemption and the answer")

    with monkeypatch.context() as broken:
        broken.setattr(houses.near.app.house.mint, "sign", break_down)
        assert houses.near.poll(started).status_code == 500
    for house in houses:
        wait_until(lambda house=house: error_of(house.poll(started)) == "invalid_grant")
    assert houses.near.me(houses.near.sign_in()).status_code == 200, "the device starts again, cleanly"


def test_hundreds_of_devices_sign_in_at_once_and_none_is_lost(houses: Houses) -> None:
    crowded = 200 if houses.near is houses.far else 50
    people = [f"person{number}" for number in range(8)]
    for name in people:
        houses.near.add_person(name, name.title())
    started = [houses.near.begin() for _ in range(crowded)]

    def hold(number: int) -> str:
        answer = houses[number % 2].poll(started[number], headers={"Prefer": "wait=30"})
        assert answer.status_code == 200, answer.text
        me = requests.get(
            f"{houses.near.address}/api/me",
            headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
            timeout=30,
        )
        return str(me.json()["username"])

    def approve(which: int) -> None:
        phone = Phone(houses[which % 2], people[which])
        for each in started[which::8]:
            phone.approve(each)

    with ThreadPoolExecutor(crowded + 8) as crowd:
        devices = [crowd.submit(hold, number) for number in range(crowded)]
        for each in [crowd.submit(approve, which) for which in range(8)]:
            each.result(60)
        names = [each.result(60) for each in devices]
    assert names == [people[number % 8] for number in range(crowded)], "each device belongs to whoever approved it"
