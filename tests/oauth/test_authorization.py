"""An authorization request: what is asked of it, in which order, and every step it may take."""

from dataclasses import replace
from typing import Any

import pytest

from server.oauth import step_up
from server.oauth.account import Session
from server.oauth.authorization import (
    DECIDE_FOR,
    AuthorizationRequest,
    Over,
    Shown,
    approve,
    ask,
    deny,
    next_step,
    open_pushed,
    redeem,
    unasked,
)
from server.oauth.client import Client
from server.oauth.errors import InvalidGrant, InvalidRequest, OAuthError
from tests.conformance.app import challenge_of

NOW = 1_800_000_000_000
VERIFIER = "v" * 43
BACK = "https://app.example/back"
WEB = Client("web", "Web", ("authorization_code",), ("openid", "profile"), NOW, redirect_uris=(BACK,))
ASKED = {
    "response_type": "code",
    "redirect_uri": BACK,
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}
SHOWN = Shown("web", BACK, VERIFIER, None)


def at(auth_time: int) -> Session:
    """A browser in which somebody signed in then."""
    return Session(b"s" * 32, "ana", auth_time, NOW + 10**9)


def request(**more: str) -> AuthorizationRequest:
    return ask(b"r" * 32, WEB, ASKED | more, NOW)


def yes(asked: AuthorizationRequest, now: int = NOW + 1, **more: Any) -> AuthorizationRequest:
    facts: dict[str, Any] = {"account_id": "ann", "auth_time": NOW, "amr": ("pwd",), "address": "", "scopes": None}
    return approve(asked, **(facts | {"code_hash": b"c" * 32, "now": now} | more))


REFUSED = (
    ({"response_type": ""}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"request": "e30."}, "request_not_supported"),
    ({"scope": "openid admin"}, "invalid_scope"),
    ({"scope": "openid  profile"}, "invalid_scope"),
    ({"code_challenge": ""}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"nonce": "n" * 513}, "invalid_request"),
    ({"prompt": "none consent"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"max_age": "²"}, "invalid_request"),
    ({"dpop_jkt": "x"}, "invalid_request"),
    # The order: what cannot be answered at all comes before what is wrong with it.
    ({"response_type": "token", "scope": "admin"}, "unsupported_response_type"),
)


@pytest.mark.parametrize(("more", "error"), REFUSED)
def test_what_is_wrong_is_named(more: dict[str, str], error: str) -> None:
    asked = {name: value for name, value in (ASKED | more).items() if value}
    with pytest.raises(OAuthError) as refused:
        ask(b"r" * 32, WEB, asked, NOW)
    assert refused.value.error == error


def test_no_scope_means_all_that_the_client_may_ask_and_prompts_that_we_do_not_know_are_left_alone() -> None:
    asked = request(prompt="login create", max_age="99999999999999"[:10])
    assert asked.scopes == WEB.scopes
    assert asked.prompts == ("login",)
    assert asked.max_age == step_up.LONGEST_AGE


# prompt, max_age, when the person signed in (None: nobody), said yes before -> what comes next
STEPS = (
    ("", "", None, False, "sign_in"),
    ("", "", -1_000, False, "ask"),
    ("", "", -1_000, True, "leave"),
    ("consent", "", -1_000, True, "ask"),
    ("select_account", "", -1_000, True, "ask"),
    ("login", "", -1_000, True, "sign_in"),
    ("login", "", 0, True, "leave"),
    ("", "10", -10_000, True, "leave"),
    ("", "10", -10_001, True, "sign_in"),
    ("", "0", -1, True, "sign_in"),
    ("", "0", 0, True, "leave"),
    ("none", "", None, False, "leave"),
    ("none", "", 0, False, "leave"),
)


@pytest.mark.parametrize(("prompt", "max_age", "signed_in", "is_allowed", "step"), STEPS)
def test_what_comes_next(prompt: str, max_age: str, signed_in: int | None, is_allowed: bool, step: str) -> None:
    more = {name: value for name, value in (("prompt", prompt), ("max_age", max_age)) if value}
    session = None if signed_in is None else at(NOW + signed_in)
    assert next_step(request(**more), session, is_allowed=is_allowed, now=NOW) == step


def test_an_app_that_forbids_asking_hears_why_it_gets_nothing() -> None:
    asked = request(prompt="none", max_age="10")
    assert getattr(unasked(asked, None, is_allowed=False, now=NOW), "error", "") == "login_required"
    assert getattr(unasked(asked, at(NOW - 10_001), is_allowed=True, now=NOW), "error", "") == "login_required"
    assert getattr(unasked(asked, at(NOW), is_allowed=False, now=NOW), "error", "") == "consent_required"
    assert unasked(asked, at(NOW), is_allowed=True, now=NOW) is None


def test_step_01_a_sign_in_that_is_too_weak_is_not_enough() -> None:
    asked = replace(request(prompt="none"), acr_values=("phr",))
    assert getattr(unasked(asked, at(NOW), is_allowed=True, now=NOW), "error", "") == "login_required"
    assert unasked(asked, replace(at(NOW), amr=("swk",)), is_allowed=True, now=NOW) is None
    assert next_step(replace(asked, prompts=()), at(NOW), is_allowed=True, now=NOW) == "sign_in"


def test_what_was_pushed_is_opened_once_in_time_and_by_its_client() -> None:
    pushed = replace(request(), stage="pushed", expires_at=NOW + 60_000)
    opened = open_pushed(pushed, "web", NOW + 59_999)
    assert (opened.stage, opened.expires_at) == ("asked", NOW + 59_999 + DECIDE_FOR)
    wrong = ((pushed, "other", NOW), (pushed, "web", NOW + 60_000), (opened, "web", NOW), (None, "web", NOW))
    for found, client_id, now in wrong:
        with pytest.raises(InvalidRequest):
            open_pushed(found, client_id, now)
    with pytest.raises(LookupError):
        yes(pushed)


def test_a_decision_is_final() -> None:
    for decided in (yes(request()), deny(request(), account_id=None, now=NOW)):
        with pytest.raises(Over):
            yes(decided)
        with pytest.raises(Over):
            deny(decided, account_id="ann", now=NOW)
    with pytest.raises(Over):
        yes(request(), now=NOW + DECIDE_FOR)


def test_consent_only_shrinks_what_was_asked() -> None:
    assert yes(request(), scopes=("profile", "admin")).scopes == ("profile",)


def test_a_code_is_redeemed_once_within_a_minute() -> None:
    approved = yes(request(), now=NOW)
    redeemed = redeem(approved, SHOWN, "f", NOW + 59_999)
    assert (redeemed.stage, redeemed.family_id) == ("redeemed", "f")
    assert redeem(approved, SHOWN, "f", NOW - 50).stage == "redeemed", "at a server whose clock is a little behind"
    for found, now in ((redeemed, NOW), (approved, NOW + 60_000), (request(), NOW), (None, NOW)):
        with pytest.raises(InvalidGrant):
            redeem(found, SHOWN, "f", now)


@pytest.mark.parametrize(
    "change", [{"client_id": "other"}, {"redirect_uri": None}, {"redirect_uri": BACK + "/"}, {"verifier": "w" * 43}]
)
def test_a_code_is_good_for_nothing_without_what_it_is_bound_to(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidGrant):
        redeem(yes(request()), replace(SHOWN, **change), "f", NOW + 2)


def test_a_code_that_is_bound_to_a_key_needs_that_key() -> None:
    bound = yes(request(dpop_jkt="k" * 43))
    for jkt in (None, "j" * 43):
        with pytest.raises(InvalidGrant):
            redeem(bound, replace(SHOWN, jkt=jkt), "f", NOW + 2)
    assert redeem(bound, replace(SHOWN, jkt="k" * 43), "f", NOW + 2).stage == "redeemed"
