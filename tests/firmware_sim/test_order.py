"""A wrong order is refused by name before anything starts, and devices are shared out fairly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.discovery import Endpoints, Wrong, origin
from firmware_sim.habits import BY_NAME
from firmware_sim.order import PASSWORD_VARIABLE, read_order, share_out

SERVER = ("--server", "https://tv.example.com", "--user", "ana")
ENVIRON = {PASSWORD_VARIABLE: "a long password"}


def test_a_plain_order_has_sensible_defaults() -> None:
    order = read_order(SERVER, ENVIRON)
    assert (order.client_id, order.scope, order.calls) == ("porchlight-tv", "profile readings:write", 2)
    assert order.habits == (("patient", 10),)
    assert order.with_mqtt
    assert order.needs_person


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--count", "0"), "--count"),
        (("--count", "1000000"), "--count"),
        (("--habit", "tired"), "--habit tired"),
        (("--habit", "flaky=0"), "--habit flaky"),
        (("--habit", "flaky=lots"), "--habit flaky"),
        (("--habit", "flaky=nan"), "--habit flaky"),
        (("--habit", "flaky", "flaky=2"), "--habit flaky"),
        (("--calls", "-1"), "--calls"),
        (("--rate", "0"), "--rate"),
        (("--rate", "nan"), "--rate"),
        (("--timeout", "0"), "--timeout"),
        (("--user", ""), "--user"),
        (("--server", "tv.example.com"), "--server"),
        (("--server", "ftp://tv.example.com"), "--server"),
        (("--server", "https://ana:secret@tv.example.com"), "--server"),
        (("--server", "https://tv.example.com:port"), "--server"),
        (("--server", "http://tv.example.com"), "--insecure-http"),
    ],
)
def test_a_wrong_flag_is_refused_by_name(flags: tuple[str, ...], named: str) -> None:
    with pytest.raises(Wrong, match=named):
        read_order((*SERVER, *flags), ENVIRON)


def test_without_a_password_it_says_where_one_is_read() -> None:
    with pytest.raises(Wrong, match=PASSWORD_VARIABLE):
        read_order(SERVER, {})


def test_nobody_is_needed_where_nobody_decides() -> None:
    order = read_order(("--server", "https://tv.example.com", "--habit", "ignored"), {})
    assert not order.needs_person


@pytest.mark.parametrize("server", ["http://127.0.0.1:8628", "http://localhost:8628/", "http://[::1]:8628/t1"])
def test_plain_http_is_fine_on_this_machine(server: str) -> None:
    assert read_order((*SERVER, "--server", server), ENVIRON).server == server.rstrip("/")


def test_plain_http_elsewhere_needs_to_be_asked_for() -> None:
    order = read_order((*SERVER, "--server", "http://tv.example.com", "--insecure-http"), ENVIRON)
    assert order.server == "http://tv.example.com"


def test_shares_may_stand_together_or_apart() -> None:
    together = read_order((*SERVER, "--count", "8", "--habit", "patient=3", "flaky"), ENVIRON)
    apart = read_order((*SERVER, "--count", "8", "--habit", "patient=3", "--habit", "flaky"), ENVIRON)
    assert together.habits == apart.habits == (("patient", 6), ("flaky", 2))


@given(
    st.integers(1, 100_000),
    st.dictionaries(st.sampled_from(sorted(BY_NAME)), st.floats(0.01, 1_000), min_size=1),
)
def test_every_device_gets_a_habit_and_no_share_is_off_by_a_whole_device(count: int, shares: dict[str, float]) -> None:
    shared = dict(share_out(count, [f"{name}={share}" for name, share in shares.items()]))
    assert sum(shared.values()) == count
    for name, share in shares.items():
        assert abs(shared[name] - count * share / sum(shares.values())) < 1 + 1e-6


@pytest.mark.parametrize(
    ("url", "is_inside"),
    [
        ("https://tv.example.com/D/WDJBMJHT", True),
        ("https://TV.example.com:443/device", True),
        ("https://tv.example.com.evil.example/device", False),
        ("http://tv.example.com/device", False),
        ("https://tv.example.com:8443/device", False),
        ("https://tv.example.com@evil.example/device", False),
        ("javascript:alert(1)", False),
        ("//evil.example/", False),
        ("https://[broken/", False),
    ],
)
def test_nothing_but_the_server_is_ever_contacted(url: str, is_inside: bool) -> None:
    assert Endpoints("https://tv.example.com", "", "").is_inside(url) is is_inside


def test_an_origin_knows_the_default_ports() -> None:
    assert origin("https://tv.example.com") == ("https", "tv.example.com", 443)
    assert origin("tv.example.com") is None
