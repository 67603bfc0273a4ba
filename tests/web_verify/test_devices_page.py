"""My devices: the list, and a sign-out that proves itself on the page."""

import html

import pytest

from tests.web_verify.memory_desk import ASKING, NOW
from tests.web_verify.porch import Phone, Porch
from web_verify.desk import Device, Person


def device(name: str, claimed: str | None = None, signed_out_at: int | None = None) -> Device:
    return Device(
        f"id-{name}", name, claimed, NOW - 3_600_000, NOW - 60_000, "203.0.113.7", ASKING.scopes[:1], signed_out_at
    )


@pytest.fixture
def ana(porch: Porch) -> Phone:
    porch.desk.owned["ana"] = [
        device("Aurora TV", "<i>sofa</i>"),
        device("Lobby sign"),
        device("Old one", None, NOW - 5000),
    ]
    porch.desk.people["ben"] = Person("ben", "Ben")
    porch.desk.owned["ben"] = [device("Bens radio")]
    return porch.visitor().sign_in()


def test_whoever_is_not_signed_in_is_asked_to(porch: Porch) -> None:
    answer = porch.visitor().open("/devices")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    for path in ("/devices/sign-out", "/devices/x/sign-out"):
        assert porch.visitor().submit(path).headers["location"] == "/sign-in"


def test_a_person_sees_the_own_devices_with_their_facts(ana: Phone) -> None:
    page = html.unescape(ana.open("/devices").text)
    for fact in ("Aurora TV", "Lobby sign", "Old one", "1 hour ago", "1 minute ago", "203.0.113.7",
                 "See your name and picture", "Signed in as", "Signed out at 14:03:02 UTC"):  # fmt: skip
        assert fact in page
    assert "Bens radio" not in page
    assert "&lt;i&gt;sofa&lt;/i&gt;" in ana.open("/devices").text


def test_signing_one_out_ends_it_and_the_page_says_when(ana: Phone, porch: Porch) -> None:
    porch.desk.time = NOW + 3000
    answer = ana.submit("/devices/id-Aurora%20TV/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/devices")
    page = ana.open("/devices").text
    assert "Signed out at 14:03:10 UTC" in page
    assert 'role="status"' in page
    assert 'action="/devices/id-Aurora%20TV/sign-out"' not in page
    assert porch.desk.owned["ana"][1].signed_out_at is None


def test_signing_all_out_says_how_many_and_leaves_none(ana: Phone, porch: Porch) -> None:
    assert "Sign out all 2 devices" in ana.open("/devices").text
    assert ana.submit("/devices/sign-out").status_code == 303
    assert all(each.signed_out_at for each in porch.desk.owned["ana"])
    assert porch.desk.owned["ana"][2].signed_out_at == NOW - 5000
    assert porch.desk.owned["ben"][0].signed_out_at is None


def test_another_persons_device_cannot_be_signed_out(ana: Phone, porch: Porch) -> None:
    answer = ana.submit("/devices/id-Bens%20radio/sign-out")
    assert answer.status_code == 404
    assert 'href="/devices"' in answer.text
    assert porch.desk.owned["ben"][0].signed_out_at is None


def test_an_empty_list_says_how_to_begin(porch: Porch) -> None:
    page = porch.visitor().sign_in().open("/devices").text
    assert "No device is signed in to your account yet." in page
    assert 'href="/device"' in page
