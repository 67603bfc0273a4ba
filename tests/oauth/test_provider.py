"""What another provider must say before anybody is signed in, and whose account that is."""

from dataclasses import replace
from typing import Any

import pytest

from server.oauth.account import Account
from server.oauth.provider import (
    Endpoints,
    Provider,
    Told,
    Untold,
    code_of,
    demand_domain,
    described,
    endpoints_of,
    may_link,
    told_by,
)

NOW = 1_800_000_000_000
S = NOW // 1_000
CORP = Provider("corp", "Corp", "https://id.example.com", "us", "secret")
THERE = Endpoints(CORP.issuer, "https://id.example.com/a", "https://id.example.com/t", "https://id.example.com/j")
DOCUMENT = {
    "issuer": CORP.issuer,
    "authorization_endpoint": THERE.authorization,
    "token_endpoint": THERE.token,
    "jwks_uri": THERE.jwks,
}
CLAIMS = {"iss": CORP.issuer, "aud": "us", "sub": "s-1", "nonce": "n", "exp": S + 300, "iat": S}


def told(fresh: bool = False, **changes: Any) -> Told:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return told_by(claims, CORP, THERE, nonce="n", begun_at=NOW - 60_000, fresh=fresh, now=NOW)


def test_who_it_is_follows_from_issuer_and_subject_alone() -> None:
    one = told(email="Ana@Example.com", email_verified=True, name="Ana", preferred_username="ana")
    assert (one.email, one.is_email_verified, one.name, one.label) == (
        "ana@example.com",
        True,
        "Ana",
        "ana@example.com",
    )
    assert one.identity_hash == told(email="other@example.com").identity_hash
    assert one.identity_hash != told(sub="s-2").identity_hash
    assert one.identity_hash != replace(one, issuer="https://else.example.com").identity_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example.com"},
        {"iss": None},
        {"aud": "them"},
        {"aud": []},
        {"aud": ["us", "them"]},
        {"aud": ["us", "them"], "azp": "them"},
        {"azp": "them"},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": 7},
        {"sub": "a\nb"},
        {"nonce": None},
        {"nonce": "m"},
        {"exp": S - 61},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("nan")},
        {"iat": S + 120},
        {"auth_time": "x"},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_us_now_says_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(Untold) as untold:
        told(**changes)
    assert untold.value.why == "broken"


def test_two_audiences_are_fine_when_it_was_given_to_us() -> None:
    assert told(aud=["them", "us"], azp="us").subject == "s-1"


@pytest.mark.parametrize(("auth_time", "is_good"), [(S, True), (S - 110, True), (S - 130, False), (None, False)])
def test_a_fresh_sign_in_is_one_since_it_was_asked_for(auth_time: int | None, is_good: bool) -> None:
    if is_good:
        assert told(fresh=True, auth_time=auth_time).auth_time == (auth_time or 0) * 1_000
        return
    with pytest.raises(Untold) as untold:
        told(fresh=True, auth_time=auth_time)
    assert untold.value.why == "not_fresh"


@pytest.mark.parametrize("verified", [None, False, "false", 1, "yes", []])
def test_an_address_that_the_provider_did_not_verify_is_not_verified(verified: object) -> None:
    assert not told(email="ana@example.com", email_verified=verified).is_email_verified


def test_userinfo_adds_and_never_overrides() -> None:
    one = told(email="ana@example.com", email_verified=False)
    more = described(one, {"email": "boss@example.com", "email_verified": True, "name": "Ana"})
    assert (more.email, more.is_email_verified, more.name) == ("ana@example.com", False, "Ana")


ANA = Account("a", "ana", "Ana", "", NOW, email="ana@example.com", is_email_verified=True)
TOLD = Told(CORP.issuer, "s-1", "ana@example.com", is_email_verified=True)


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize("trusts", [True, False])
def test_an_address_links_only_where_all_three_are_sure(says: bool, knows: bool, trusts: bool) -> None:
    provider, account = replace(CORP, links_by_email=trusts), replace(ANA, is_email_verified=knows)
    assert may_link(replace(TOLD, is_email_verified=says), provider, account) is (says and knows and trusts)
    assert not may_link(TOLD, provider, replace(account, email="other@example.com"))
    assert not may_link(TOLD, provider, None)


@pytest.mark.parametrize(
    ("changes", "is_let_in"),
    [({}, True), ({"is_email_verified": False}, False), ({"email": "ana@example.org"}, False), ({"email": ""}, False)],
)
def test_domains_let_in_verified_addresses_alone(changes: dict[str, Any], is_let_in: bool) -> None:
    provider = replace(CORP, domains=("example.com",))
    demand_domain(replace(TOLD, **changes), CORP)
    if is_let_in:
        demand_domain(replace(TOLD, **changes), provider)
        return
    with pytest.raises(Untold) as untold:
        demand_domain(replace(TOLD, **changes), provider)
    assert untold.value.why == "domain"


def test_the_discovery_document_is_of_that_issuer() -> None:
    assert endpoints_of(DOCUMENT, CORP) == THERE
    assert endpoints_of(DOCUMENT | {"issuer": CORP.issuer + "/"}, CORP).issuer == CORP.issuer + "/"
    post = endpoints_of(DOCUMENT | {"token_endpoint_auth_methods_supported": ["client_secret_post"]}, CORP)
    assert not post.takes_basic


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": 7},
        {"token_endpoint": ""},
        {"jwks_uri": 5},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://id.example.com/t"},
    ],
    ids=str,
)
def test_a_discovery_document_that_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Untold):
        endpoints_of(DOCUMENT | changes, CORP)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"code": "c", "iss": "https://evil.example.com"}, "broken"),
        ({"error": "access_denied", "iss": CORP.issuer}, "denied"),
        ({"error": "server_error", "iss": CORP.issuer}, "broken"),
        ({"iss": CORP.issuer}, "broken"),
        ({"code": "c"}, "broken"),
    ],
    ids=str,
)
def test_an_answer_of_another_issuer_is_none(answer: dict[str, str], why: str) -> None:
    with pytest.raises(Untold) as untold:
        code_of(answer, replace(THERE, names_itself=True))
    assert untold.value.why == why


def test_an_old_provider_need_not_name_itself() -> None:
    assert code_of({"code": "c"}, THERE) == "c"
    with pytest.raises(Untold):
        code_of({"code": "c", "iss": "https://evil.example.com"}, THERE)
