"""The server's counter for the pages: names and passwords tell nothing apart, and hashing holds nobody up."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from server.desk.desk import HouseDesk
from server.desk.passwords import AT_ONCE
from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import StoppedClock, tokens
from tests.forms import Forms
from tests.house import PASSWORD, Phone, RunningHouse, browser, furnish, open_house
from web_verify.desk import Asking, Decided, Problem, SignedIn, Visitor, Why

STRANGER = Visitor("s" * 43, "203.0.113.7")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    roomy: dict[str, Any] = {"tries_per_account": 1_000, "tries_per_network": 1_000, "tries_per_session": 1_000}
    with open_house(tmp_path_factory.mktemp("house"), clock=StoppedClock(), **roomy) as running:
        furnish(running)
        running.add_person("zoe", "Zoe")
        account = running.do(running.app.house.store.find_account_by_username("zoe"))
        assert account is not None
        running.do(running.app.house.store.change_account(replace(account, is_enabled=False)))
        yield running


@pytest.fixture(scope="module")
def desk(house: RunningHouse) -> HouseDesk:
    return HouseDesk(house.app.house)


def signed_in(house: RunningHouse, desk: HouseDesk, username: str = "ana") -> Visitor:
    answer = house.do(desk.sign_in(STRANGER, username, PASSWORD))
    assert isinstance(answer, SignedIn)
    return Visitor(answer.session, STRANGER.address)


def test_every_wrong_sign_in_is_the_same_page(house: RunningHouse) -> None:
    pages = []
    for username, password in (("ana", "wrong"), ("nobody", "wrong"), ("zoe", PASSWORD), ("nobody", PASSWORD)):
        with browser() as web:
            page = web.get(house.issuer + "/sign-in", timeout=10)
            form = Forms(page.text).with_control("password").fields | {"username": username, "password": password}
            answer = web.post(house.issuer + "/sign-in", form, timeout=10)
            token, request_id = form["form_token"][0], answer.text.rpartition("Request ")[2][:20]
            text = answer.text.replace(token, "").replace(request_id, "").replace(f'value="{username}"', "")
            pages.append((answer.status_code, text))
    assert pages[0][0] == 403
    assert len(set(pages)) == 1


def test_every_wrong_sign_in_costs_the_same(house: RunningHouse, desk: HouseDesk) -> None:
    """Measured at the desk, interleaved; a missing hash would make an unknown name some fifty times cheaper."""
    took: dict[str, list[float]] = {"ana": [], "nobody": [], "zoe": []}
    for _ in range(5):
        for username, times in took.items():
            begun = time.perf_counter()
            assert house.do(desk.sign_in(STRANGER, username, "wrong")) == Problem("wrong")
            times.append(time.perf_counter() - begun)
    typical = {username: statistics.median(times) for username, times in took.items()}
    assert max(typical.values()) < 3 * min(typical.values()), typical


def test_a_password_of_any_length_is_answered(house: RunningHouse, desk: HouseDesk) -> None:
    for password in ("", "x" * 1_024, "x" * 100_000, "\ud83d\udca1" * 10, "\x00"):
        text = password.encode("utf-16", "surrogatepass").decode("utf-16")
        assert house.do(desk.sign_in(STRANGER, "ana", text)) == Problem("wrong")


@pytest.mark.parametrize("typed", ["ana", " Ana ", "ANA", "\u00a0ana\t"])
def test_a_name_is_forgiven_its_case_and_spaces(house: RunningHouse, desk: HouseDesk, typed: str) -> None:
    assert isinstance(house.do(desk.sign_in(STRANGER, typed, PASSWORD)), SignedIn)


def test_tokens_are_polled_for_while_people_sign_in(house: RunningHouse) -> None:
    """Eight hashes at once on two threads: a poll in the loop meanwhile takes milliseconds, not a hash's time."""
    started = house.begin()
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"], "client_id": "tv"}

    def sign_in(number: int) -> None:
        Phone(house).open(started)

    with ThreadPoolExecutor(8) as threads, browser() as web:
        signing = [threads.submit(sign_in, number) for number in range(8)]
        took = []
        while not all(each.done() for each in signing):
            begun = time.perf_counter()
            assert web.post(house.issuer + "/token", form, timeout=10).status_code == 400
            took.append(time.perf_counter() - begun)
        for each in signing:
            each.result()
    assert len(took) > 20
    assert statistics.median(took) < 0.05


def test_no_more_than_two_hashes_run_at_once(house: RunningHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    def slow(password_hash: str, password: str) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.02)
        running -= 1
        return False

    monkeypatch.setattr("server.desk.passwords.verify_password", slow)

    async def rush() -> None:
        desk = HouseDesk(house.app.house)
        await asyncio.gather(*(desk.sign_in(STRANGER, "ana", "x") for _ in range(10)))

    house.do(rush())
    assert most == AT_ONCE


def test_a_session_ends_by_itself_and_by_signing_out(house: RunningHouse, desk: HouseDesk) -> None:
    first, second = signed_in(house, desk), signed_in(house, desk)
    assert first.session != second.session
    house.do(desk.sign_out(first))
    assert house.do(desk.person(first)) is None
    assert house.do(desk.person(second)) is not None
    house.clock.advance(house.app.house.settings.session_for)
    assert house.do(desk.person(second)) is None
    assert house.do(desk.person(Visitor("", ""))) is None


def test_a_right_code_gives_its_try_back_and_a_wrong_one_does_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_house(tmp_path_factory.mktemp("strict"), clock=StoppedClock(), tries_per_session=2) as house:
        furnish(house)
        desk = HouseDesk(house.app.house)
        code = house.begin()["user_code"]
        for _ in range(5):
            assert isinstance(house.do(desk.look_up(STRANGER, code)), Asking)
        for typed in ("BCDF-GHJK", "no code at all"):
            assert house.do(desk.look_up(STRANGER, typed)) == Problem("wrong")
        locked = house.do(desk.look_up(STRANGER, code))
        assert isinstance(locked, Problem)
        assert (locked.why, locked.retry_for) == ("too_many", 600_000)
        other = Visitor("t" * 43, STRANGER.address)
        assert isinstance(house.do(desk.look_up(other, code)), Asking)


@pytest.mark.parametrize(
    ("device", "phone", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "203.0.113.7", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("", "203.0.113.7", None),
    ],
)
def test_whether_device_and_phone_share_a_network(
    house: RunningHouse, desk: HouseDesk, device: str, phone: str, same: bool | None
) -> None:
    started = house.begin()

    async def move() -> None:
        entry = await house.app.house.sign_ins.find_by_user_code(
            __import__("server.oauth.secret", fromlist=["digest"]).digest(
                "user_code", started["user_code"].replace("-", "")
            )
        )
        assert entry is not None
        await house.app.house.sign_ins.change(entry.code_hash, lambda found: replace(entry, address=device))

    house.do(move())
    asking = house.do(desk.look_up(Visitor("s" * 43, phone), started["user_code"]))
    assert isinstance(asking, Asking)
    assert asking.same_network is same


def test_a_decision_is_told_to_whoever_took_it_alone(house: RunningHouse, desk: HouseDesk) -> None:
    ana, ben = signed_in(house, desk), signed_in(house, desk, "ben")
    cases: tuple[tuple[bool, Why], ...] = ((True, "used"), (False, "denied"))
    for approve, why in cases:
        code = house.begin()["user_code"]
        house.do(desk.open(ana, code))
        decided = house.do(desk.decide(ana, code, approve=approve, shown=code, opens=1))
        assert isinstance(decided, Decided)
        assert decided.approved is approve
        assert house.do(desk.look_up(ana, code)) == decided
        assert house.do(desk.decide(ana, code, approve=not approve)) == decided
        for visitor in (ben, STRANGER):
            assert house.do(desk.look_up(visitor, code)) == Problem(why)
        assert house.do(desk.decide(ben, code, approve=True)) == Problem(why)
        assert house.do(desk.decide(STRANGER, code, approve=True)) == Problem("wrong")


def test_only_the_owner_signs_a_device_out(house: RunningHouse, desk: HouseDesk) -> None:
    ana, ben = signed_in(house, desk), signed_in(house, desk, "ben")
    started = house.begin(device_name="Kitchen")
    house.do(desk.open(ana, started["user_code"]))
    code = started["user_code"]
    house.do(desk.decide(ana, code, approve=True, scopes=["profile"], shown=code, opens=1))
    held = tokens(house.poll(started))
    mine = house.do(desk.devices(ana))[0]
    assert (mine.claimed_name, [text.scope for text in mine.scopes], mine.signed_out_at) == (
        "Kitchen",
        ["profile"],
        None,
    )
    assert mine.device_id not in [device.device_id for device in house.do(desk.devices(ben))]
    for visitor in (ben, STRANGER):
        assert house.do(desk.sign_out_device(visitor, mine.device_id)) is False
    me = {"Authorization": f"Bearer {held['access_token']}"}
    assert house.get("/api/me", headers=me).status_code == 200
    assert house.do(desk.sign_out_device(ana, mine.device_id)) is True
    assert house.get("/api/me", headers=me).status_code == 401
    assert house.do(desk.devices(ana))[0].signed_out_at == house.clock()
    assert house.do(desk.devices(STRANGER)) == ()
