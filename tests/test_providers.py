"""What a provider can and cannot do: whose account its people get, and what it may say."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from server.oauth.event import Sought, What
from tests.house import PASSWORD, SECRET, Phone, RunningHouse, browser, open_house
from tests.upstream_provider import BASIC, Provider, come_back, provider
from tests.waiting import wait_until


@contextmanager
def both(tmp_path: Path, **table: Any) -> Iterator[tuple[RunningHouse, Provider, requests.Session]]:
    with provider() as there:
        made = {"name": "Corp", "issuer": there.issuer, "client_id": "here", "client_secret": SECRET, **table}
        with open_house(tmp_path, outbound_private=True, providers={"corp": made}) as here, browser() as web:
            here.add_person("ana", "Ana")
            yield here, there, web


def own_address(here: RunningHouse, *, is_verified: bool) -> None:
    """Ana has an address here."""
    store = here.app.house.store
    ana = here.do(store.find_account("account-ana"))
    assert ana is not None
    changed = replace(ana, email="ana@example.com", is_email_verified=is_verified)
    here.do(store.change_account(changed))


def people(here: RunningHouse) -> list[tuple[str, str | None, bool]]:
    found = here.do(here.app.house.store.accounts())
    return [(each.username, each.email, each.is_email_verified) for each in found]


def told(here: RunningHouse, *what: What) -> list[str]:
    return [each.event.detail for each in here.do(here.app.house.store.events(Sought(what=what), 99))]


def test_the_code_is_redeemed_with_the_secret_and_the_verifier(tmp_path: Path) -> None:
    for number, methods in enumerate((["client_secret_basic"], ["client_secret_post"])):
        (tmp_path / str(number)).mkdir()
        with both(tmp_path / str(number), sign_up=True) as (here, there, web):
            there.methods = methods
            assert come_back(here, there, web).url == here.address + "/devices"
            [(authorization, form)] = there.asked
            assert (form["grant_type"], form["code"]) == ("authorization_code", "c")
            assert form["redirect_uri"] == here.issuer + "/sign-in/with/corp/back"
            assert len(form["code_verifier"]) == 43
            assert (authorization, form.get("client_secret")) == ((BASIC, None) if number == 0 else ("", SECRET))


@pytest.mark.parametrize(
    ("trusts", "says", "knows", "is_ana"),
    [(True, True, True, True), (False, True, True, False), (True, False, True, False), (True, True, False, False)],
)
def test_an_address_links_only_where_all_three_are_sure(
    tmp_path: Path, trusts: bool, says: bool, knows: bool, is_ana: bool
) -> None:
    with both(tmp_path, link_by_verified_email=trusts, sign_up=True) as (here, there, web):
        own_address(here, is_verified=knows)
        page = come_back(here, there, web, email="Ana@Example.com", email_verified=says)
        assert len(people(here)) == 1, "nor is there a second account beside hers"
        if is_ana:
            assert page.url == here.address + "/devices"
            assert "linked to corp by its address" in told(here, "account_changed")
            again = come_back(here, there, web)  # whoever is signed in already must be so afresh
            assert "does not tell us that it was you just now" in again.text
        else:
            assert page.status_code == 403
            assert "No account here is linked" in page.text


def test_only_a_trusted_provider_s_addresses_are_taken_over(tmp_path: Path) -> None:
    claims = {"email": "zoe@example.com", "email_verified": True, "preferred_username": "Ana", "name": "Zoe"}
    for number, trusts in enumerate((False, True)):
        (tmp_path / str(number)).mkdir()
        with both(tmp_path / str(number), link_by_verified_email=trusts, sign_up=True) as (here, there, web):
            come_back(here, there, web, **claims)
            made = next(each for each in people(here) if each[0] != "ana")
            assert made[0].startswith("ana-"), "the name was taken"
            assert made[1:] == (("zoe@example.com", True) if trusts else (None, False))


def test_who_is_of_another_domain_stays_outside(tmp_path: Path) -> None:
    with both(tmp_path, sign_up=True, domains=["example.com"]) as (here, there, web):
        for email, is_verified in (("eve@example.org", True), ("eve@example.com", False), ("", True)):
            page = come_back(here, there, web, email=email, email_verified=is_verified)
            assert "may not sign in here" in page.text
        assert come_back(here, there, web, email="eve@example.com", email_verified=True).url.endswith("/devices")


def test_an_id_token_that_the_provider_did_not_sign_signs_nobody_in(tmp_path: Path) -> None:
    with both(tmp_path, sign_up=True) as (here, there, web):
        other = Provider(there.issuer)
        for forge in (
            other.sign,
            lambda claims: jwt.encode(claims, None, "none"),
            lambda claims: jwt.encode(claims, SECRET, "HS256", headers={"kid": "k-1"}),
            lambda claims: "nonsense",
            lambda claims: there.sign(claims | {"nonce": "another"}),
        ):
            there.forge = forge
            assert come_back(here, there, web).status_code == 502
        assert people(here) == [("ana", None, False)]
        said = "no key of the provider verifies it"
        wait_until(lambda: any(said in each for each in told(here, "wrong_factor")))
        there.forge = there.sign
        assert come_back(here, there, web).url.endswith("/devices")


def test_a_key_that_is_new_there_is_fetched(tmp_path: Path) -> None:
    with both(tmp_path, sign_up=True) as (here, there, web):
        assert come_back(here, there, web).url.endswith("/devices")
        there.rotate()
        assert come_back(here, there, browser()).url.endswith("/devices")


def test_userinfo_counts_for_the_same_person_alone(tmp_path: Path) -> None:
    with both(tmp_path, sign_up=True) as (here, there, web):
        there.more = {"sub": "s-2", "preferred_username": "boss"}
        come_back(here, there, web)
        there.more = {"sub": "s-2", "preferred_username": "boss"}
        come_back(here, there, browser(), sub="s-2")
        assert [name for name, _, _ in people(here)] == ["ana", "boss", "person"]


def test_a_disabled_person_stays_outside(tmp_path: Path) -> None:
    with both(tmp_path, link_by_verified_email=True) as (here, there, web):
        own_address(here, is_verified=True)
        come_back(here, there, web, email="ana@example.com", email_verified=True)
        ana = here.do(here.app.house.store.find_account("account-ana"))
        assert ana is not None
        here.do(here.app.house.store.change_account(replace(ana, is_enabled=False)))
        page = come_back(here, there, browser())
        assert page.status_code == 403
        assert "You can&#39;t sign in from here" in page.text or "You can't sign in from here" in page.text


def test_what_anybody_may_begin_is_bounded(tmp_path: Path) -> None:
    with provider() as there:
        made = {"issuer": there.issuer, "client_id": "here", "client_secret": SECRET}
        wanted = {"outbound_private": True, "providers": {"corp": made}, "requests_per_network": 2}
        with open_house(tmp_path, **wanted) as here:
            answers = [here.get("/sign-in/with/corp") for _ in range(3)]
            assert [each.status_code for each in answers] == [303, 303, 429]
            assert int(answers[2].headers["retry-after"]) > 0


@pytest.mark.parametrize("is_signed_out", [False, True])
def test_whoever_was_signed_out_meanwhile_links_nothing(tmp_path: Path, is_signed_out: bool) -> None:
    """A thief with a session of Ana's sets out for his own identity; she ends all sessions before he comes back."""
    with both(tmp_path) as (here, there, _):
        thief, store = Phone(here), here.app.house.store
        thief.submit(thief.web.get(here.address + "/sign-in", timeout=20), username="ana", password=PASSWORD)
        page = thief.web.get(here.address + "/account/providers", timeout=20)
        gone = thief.submit(page, provider="corp")
        sent = parse_qs(
            urlsplit(re.findall(rf'href="({there.issuer}[^"]+)"', gone.text)[0].replace("&amp;", "&")).query
        )
        if is_signed_out:
            here.do(store.end_sessions("account-ana"))
        now = here.clock() // 1_000
        there.claims = {"iss": there.issuer, "aud": "here", "sub": "thief", "exp": now + 60, "iat": now}
        there.claims |= {"nonce": sent["nonce"][0], "auth_time": now}
        back = f"{here.address}/sign-in/with/corp/back?code=c&state={sent['state'][0]}"
        page = thief.web.get(back, timeout=20)
        assert page.status_code == (410 if is_signed_out else 200)
        assert len(here.do(store.identities("account-ana"))) == (0 if is_signed_out else 1)
