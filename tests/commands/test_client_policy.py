"""The operator's terms for an app: set, shown, taken back, refused where they cannot be meant; and who would be hit."""

from pathlib import Path

from server.commands.client_policy import FIELDS
from tests.commands.process import Porchlight
from tests.conformance.ladder import HOME, MOBILE, Device, answer, furnished, phone_at, settings
from tests.house import open_house

AS_SET = {
    "client_id": "tv",
    "policy": "block",
    "digits": "required",
    "networks": ["10.0.0.0/8", "2001:db8::/32"],
    "scopes": {"readings:write": "never", "profile": "L1"},
    "lifetimes_s": {"L2": 7 * 86_400, "L3": 3_600},
}


def test_terms_are_set_shown_and_taken_back(porchlight: Porchlight) -> None:
    before = porchlight.do("client", "policy", "tv")
    assert (before["policy"], before["scopes"]["readings:write"], before["lifetimes_s"]["L3"]) == (
        "challenge",
        "L2",
        86_400,
    )
    words = ("--policy", "block", "--digits", "required", "--networks", "10.0.0.0/8", "2001:db8::/32")
    more = ("--scopes", "readings:write=never", "profile=L1", "--lifetimes", "L2=7d", "L3=3600")
    assert porchlight.do("client", "policy", "tv", *words, *more) == AS_SET
    assert porchlight.do("client", "policy", "tv") == AS_SET
    text = porchlight.run("client", "policy", "tv").out
    assert "policy: block" in text
    assert "scopes: readings:write=never profile=L1" in text
    none = [word for name in FIELDS for word in (f"--{name}", "none")]
    assert porchlight.do("client", "policy", "tv", *none) == before


def test_xd_01_terms_that_cannot_be_meant_are_refused_and_change_nothing(porchlight: Porchlight) -> None:
    """Each of them in tests/oauth/test_verification.py; here, that a refusal is said and nothing is written."""
    before = porchlight.do("client", "policy", "tv")
    refused = porchlight.run("client", "policy", "tv", "--digits", "off", "--policy", "allow")
    assert refused.code == 2
    assert "name the networks" in refused.err
    assert porchlight.do("client", "policy", "tv") == before


def test_an_unknown_app_is_named(porchlight: Porchlight) -> None:
    for action in ("policy", "would-stop"):
        missing = porchlight.run("client", action, "nobody")
        assert (missing.code, missing.err) == (1, "porchlight: there is no client nobody\n")


def test_who_would_have_been_hit_is_listed_in_words_and_as_json(tmp_path: Path) -> None:
    data = tmp_path / "house"
    data.mkdir()
    porchlight = Porchlight(data)
    with open_house(data, **settings(data)) as house:
        furnished(house)
        away, near = Device(house, HOME, "noted"), Device(house, HOME, "noted")
        phone = phone_at(house, MOBILE)
        answer(phone, phone.open(away.begin()), "match", match=away.number, decision="approve")
        at_home = phone_at(house, HOME)
        at_home.submit(at_home.open(near.begin()), match=near.number)
    [hit] = porchlight.do("client", "would-stop", "noted")["would_stop"]
    assert (hit["user"], hit["address"]) == ("ana", MOBILE)
    assert hit["what"] == "L2, network different, country same, type"
    listed = porchlight.run("client", "would-stop", "noted").out
    assert "ana" in listed
    assert MOBILE in listed
    assert "report_only" in porchlight.run("client", "would-stop", "tv").out
