"""The person's half, transition by transition: whose a code is, what proof is taken, and what comes of a report."""

from dataclasses import replace

import pytest

from server.oauth import device, verification
from server.oauth.client import Client
from server.oauth.device import DeviceAuthorization
from server.oauth.errors import InvalidRequest
from server.oauth.presence import Facts, Level
from server.oauth.secret import digest
from server.oauth.terms import Terms, check_terms, seconds, terms_of
from server.oauth.verification import CLAIM_FOR, LONGEST, Blocked, NotFresh, NotOpened, NotPending, Unproven

BEGUN, LIFE = 1_000_000, 600_000
CODE = "WDJBMJHT"
NEW = DeviceAuthorization(
    b"c" * 32, digest("user_code", CODE), "tv", ("profile", "readings:write"), BEGUN, BEGUN + LIFE, shows_match=True
)
HOME, AWAY, FAR = Facts("same"), Facts("different"), Facts("different", "different")
TERMS = Terms(scopes={"readings:write": 2}, lifetimes={2: 2_000, 3: 1_000})


def opened(
    facts: Facts = HOME, by: str = "ana", now: int = BEGUN + 1, of: DeviceAuthorization = NEW, terms: Terms = TERMS
) -> DeviceAuthorization:
    return verification.open_by(of, account_id=by, facts=facts, terms=terms, match="47", now=now)[0]


def approve(
    of: DeviceAuthorization, shown: str = "", *, by: str = "ana", opens: int | None = None, auth_time: int = BEGUN
) -> DeviceAuthorization:
    at = opens if opens is not None else of.opens
    return verification.approve_shown(
        of, account_id=by, auth_time=auth_time, shown=shown, opens=at, terms=TERMS, now=BEGUN + 2
    )


def test_opening_decides_nothing_and_says_what_is_asked() -> None:
    at_home, away, far = opened(), opened(AWAY), opened(FAR)
    assert {each.state for each in (at_home, away, far)} == {"pending"}
    assert [(each.level, each.proof, each.match) for each in (at_home, away, far)] == [
        (1, "pick", "47"),
        (2, "type", "47"),
        (3, "type", "47"),
    ]
    plain = opened(of=replace(NEW, shows_match=False))
    assert (plain.proof, plain.match) == ("approve", ""), "nobody is told a number that nobody asks for"


def test_a_code_is_frozen_for_five_minutes_and_for_fifteen_in_all() -> None:
    assert opened(now=BEGUN + 1).expires_at == BEGUN + LIFE, "never shorter"
    late = opened(now=BEGUN + LIFE - 1)
    assert late.expires_at == BEGUN + LIFE - 1 + CLAIM_FOR
    again = opened(of=late, now=late.expires_at - 1)
    assert again.expires_at == BEGUN + LONGEST
    with pytest.raises(NotPending):
        opened(of=again, now=BEGUN + LONGEST)


def test_a_second_account_ends_it_within_five_minutes_and_not_later() -> None:
    first = opened(now=BEGUN + 1)
    shared = opened(of=first, by="ben", now=BEGUN + CLAIM_FOR)
    assert (shared.state, shared.stopped_for, shared.level) == ("denied", "shared", Level.BLOCKED)
    with pytest.raises(NotPending):
        approve(shared, "47")
    later = opened(of=first, by="ben", now=BEGUN + 1 + CLAIM_FOR)
    assert (later.state, later.opened_by) == ("pending", "ben")
    with pytest.raises(NotOpened):
        approve(later, "47", by="ana")


def test_whoever_goes_on_as_somebody_else_lets_go_first() -> None:
    mine = opened()
    free = verification.let_go(mine, account_id="ana", now=BEGUN + 2)
    assert opened(of=free, by="ben").state == "pending"
    assert verification.let_go(mine, account_id="ben", now=BEGUN + 2) == mine, "what is another's is not let go"


def test_the_right_number_approves_and_a_wrong_one_denies_for_good() -> None:
    approved = approve(opened(), "47")
    assert (approved.state, approved.account_id, approved.lasts_for) == ("approved", "ana", None)
    wrong = approve(opened(), "48")
    assert (wrong.state, wrong.stopped_for, wrong.account_id) == ("denied", "mismatch", "ana")


@pytest.mark.parametrize("shown", ["", "x", "WDJB-MJHT", "999999"])
def test_no_number_decides_nothing(shown: str) -> None:
    with pytest.raises(Unproven):
        approve(opened(), shown)


def test_a_number_of_an_older_page_decides_nothing() -> None:
    again = opened(of=opened())
    for opens in (1, None):
        with pytest.raises(NotOpened):
            verification.approve_shown(
                again, account_id="ana", auth_time=BEGUN, shown="47", opens=opens, terms=TERMS, now=BEGUN + 2
            )


def test_nobody_approves_what_they_have_not_opened() -> None:
    for of, by in ((NEW, "ana"), (opened(), "ben")):
        with pytest.raises(NotOpened):
            approve(of, "47", by=by)


def test_a_device_that_shows_nothing_is_proven_by_its_code_and_gets_less() -> None:
    plain = opened(AWAY, of=replace(NEW, shows_match=False))
    for shown in ("", "47", "BCDF-GHJK"):
        with pytest.raises(Unproven):
            approve(plain, shown)
    assert approve(plain, "wdjb mjht").scopes == ("profile",)


def test_far_away_only_a_fresh_sign_in_counts_and_less_is_given_for_a_shorter_time() -> None:
    with pytest.raises(NotFresh):
        approve(opened(FAR), "47", auth_time=BEGUN - 1)
    far, near = approve(opened(FAR), "47", auth_time=BEGUN), approve(opened(AWAY), "47")
    assert (far.scopes, far.lasts_for) == (("profile",), 1_000)
    assert (near.scopes, near.lasts_for) == (NEW.scopes, 2_000)


def test_a_policy_that_stops_burns_nothing() -> None:
    with pytest.raises(Blocked):
        opened(AWAY, terms=Terms(policy="block"))


def test_a_key_that_was_reported_is_stopped() -> None:
    stopped = opened(Facts("same", history="reported"))
    assert (stopped.state, stopped.stopped_for) == ("denied", "reported")


def test_a_report_ends_what_was_not_collected_and_marks_what_was() -> None:
    approved = approve(opened(), "47")
    assert verification.report(approved, account_id="ana", now=BEGUN + 3).state == "denied"
    redeemed = device.redeem(approved, "tv", BEGUN + 3, None, "family-1")
    reported = verification.report(redeemed, account_id="ana", now=BEGUN + 4)
    assert (reported.state, reported.stopped_for, reported.family_id) == ("redeemed", "reported", "family-1")
    assert verification.report(reported, account_id="ana", now=BEGUN + 5) == reported
    for of, by in ((approved, "ben"), (opened(), "ana")):
        with pytest.raises(NotPending):
            verification.report(of, account_id=by, now=BEGUN + 3)


def test_what_is_told_to_a_device_that_waits() -> None:
    assert device.pending(NEW, BEGUN).members == {}
    told = device.pending(opened(), BEGUN + 1_000)
    assert told.members == {"opened": True, "expires_in": 599, "match": "47"}
    assert "match" not in device.pending(opened(Facts("same", is_known_key=True)), BEGUN).members


def test_a_clients_own_terms_go_before_the_houses() -> None:
    client = Client("tv", "TV", (), ("profile", "readings:write"), 0)
    house = Terms("challenge", "auto", ("10.0.0.0/8",), {"readings:write": 2}, {3: 1})
    assert terms_of(client, house) is house
    own = replace(
        client,
        device_policy="block",
        device_networks=("192.0.2.0/24",),
        device_scopes=("profile=never",),
        device_lifetimes=("L3=2h",),
    )
    check_terms(own)
    terms = terms_of(own, house)
    assert (terms.policy, terms.digits, terms.scopes) == ("block", "auto", {"readings:write": 2, "profile": -1})
    assert terms.lifetimes == {3: 7_200_000}
    assert terms.asked(client.scopes) == ("readings:write",)
    assert [terms.may_ask_from(each) for each in ("192.0.2.7", "::ffff:192.0.2.7", "10.0.0.1", "", "x")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"device_policy": "open"},
        {"device_policy": "allow"},
        {"device_digits": "two"},
        {"device_networks": ("here",)},
        {"device_scopes": ("profile",)},
        {"device_scopes": ("admin=L1",)},
        {"device_lifetimes": ("L2=0",)},
        {"device_lifetimes": ("never=1d",)},
    ],
)
def test_xd_01_terms_that_cannot_be_meant_are_refused(changes: dict[str, object]) -> None:
    client = Client("tv", "TV", (), ("profile",), 0)
    with pytest.raises(InvalidRequest):
        check_terms(replace(client, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"), [("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000), ("60", 60)]
)
def test_durations_are_read_as_operators_write_them(text: str, value: int) -> None:
    assert seconds(text) == value
    assert [seconds(each) for each in ("", "d", "-1d", "1.5h", "٣d")] == [0] * 5
