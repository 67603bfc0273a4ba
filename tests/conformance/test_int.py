"""RFC 7662 introspection: a resource server learns what tokens for it are worth now, and nobody learns more."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conformance.wire import FORM, not_kept, poll_as, refused, send, tokens
from tests.house import SCOPES, SECRET, RunningHouse, furnish, open_house

INACTIVE = {"active": False}


def introspect(house: RunningHouse, token: str, **more: str) -> dict[str, Any]:
    answer = house.post("/introspect", {"token": token, **more}, auth=("backend", SECRET))
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = not_kept(answer).json()
    return content


def signed_in_backend(house: RunningHouse) -> dict[str, Any]:
    """The tokens of a device that can keep a secret."""
    started = house.begin("backend", client_secret=SECRET)
    house.phone().approve(started)
    return tokens(poll_as(house, started, SECRET))


def renewed(house: RunningHouse, token: str) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return tokens(house.post("/token", form, auth=("backend", SECRET)))


def revoke(house: RunningHouse, token: str, client_id: str = "tv", **more: str) -> Any:
    return house.post("/revoke", {"token": token, "client_id": client_id, **more})


def test_int_01_only_a_client_that_authenticates_may_ask(house: RunningHouse) -> None:
    token = house.sign_in()["access_token"]
    for form, auth in (
        ({"client_id": "tv"}, None),
        ({"client_id": "backend"}, None),
        ({"client_id": "backend", "client_secret": "wrong"}, None),
        ({}, ("backend", "wrong")),
        ({}, ("nobody", SECRET)),
    ):
        answer = refused(house.post("/introspect", form | {"token": token}, auth=auth), "invalid_client", 401)
        assert "active" not in answer.json()
    refused(house.post("/introspect", {"token": token}), "invalid_request")
    refused(house.post("/introspect", {"x": "y"}, auth=("backend", SECRET)), "invalid_request")


def test_int_02_and_03_what_is_no_good_is_inactive_and_no_more(house: RunningHouse) -> None:
    held, started = house.sign_in(), house.begin()
    tampered = held["access_token"][:-6] + "AAAAAA"
    for token in ("garbage", "a.b.c", tampered, started["device_code"], started["user_code"], "é", "x" * 9_000):
        assert introspect(house, token) == INACTIVE
    for hint in ("refresh_token", "access_token", "banana"):
        assert introspect(house, held["access_token"], token_type_hint=hint)["active"] is True


def _end(house: RunningHouse, held: dict[str, Any], how: str) -> None:
    store = house.app.house.store
    if how == "expired":
        house.clock.advance(held["expires_in"])
    elif how == "revoked":
        revoke(house, held["refresh_token"])
    elif how == "account disabled":
        account = house.do(store.find_account_by_username("ben"))
        assert account is not None
        house.do(store.change_account(replace(account, is_enabled=False)))
    elif how == "client disabled":
        client = house.do(store.find_client("radio"))
        assert client is not None
        house.do(store.change_client(replace(client, is_enabled=False)))


@pytest.mark.parametrize("how", ["expired", "revoked", "account disabled", "client disabled"])
def test_int_04_whatever_ends_a_token_is_seen_at_once(house: RunningHouse, how: str) -> None:
    username, client_id = ("ben" if how == "account disabled" else "ana"), ("radio" if "client" in how else "tv")
    held = house.sign_in(username, client_id)
    assert introspect(house, held["access_token"])["active"] is True
    _end(house, held, how)
    assert introspect(house, held["access_token"]) == INACTIVE


def test_int_04_a_refresh_token_that_was_replaced_is_inactive(house: RunningHouse) -> None:
    held = signed_in_backend(house)["refresh_token"]
    assert introspect(house, held)["active"] is True
    fresh = renewed(house, held)["refresh_token"]
    assert introspect(house, held) == INACTIVE
    assert introspect(house, fresh)["active"] is True
    assert house.post("/revoke", {"token": fresh}, auth=("backend", SECRET)).status_code == 200
    assert introspect(house, fresh) == INACTIVE


def test_int_05_the_members_and_their_types(house: RunningHouse) -> None:
    held = signed_in_backend(house)
    access, refresh_token = introspect(house, held["access_token"]), introspect(house, held["refresh_token"])
    types: dict[str, type] = {"active": bool, "scope": str, "exp": int, "iat": int, "client_id": str, "sub": str}
    for content in (access, refresh_token):
        assert {name: type(content[name]) for name in types} == types
        assert (content["scope"], content["client_id"]) == (" ".join(SCOPES), "backend")
        assert (content["sub"], content["iss"]) == ("account-ana", house.issuer)
        assert content["exp"] > content["iat"] > 1_600_000_000
    assert access["aud"] == f"{house.issuer}/api"
    assert access["token_type"] == "Bearer"
    assert (type(access["auth_time"]), access["amr"]) == (int, ["pwd"])
    assert refresh_token["token_type"] != "Bearer"  # no API takes it for an access token


def test_int_06_tokens_do_not_travel_in_addresses(house: RunningHouse) -> None:
    token = house.sign_in()["access_token"]
    answer = house.get(f"/introspect?token={token}", auth=("backend", SECRET))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    refused(house.post(f"/introspect?token={token}", "", auth=("backend", SECRET), headers=FORM), "invalid_request")


FEED = "https://feed.example/api"


def ask(house: RunningHouse, token: str, client_id: str = "backend", **more: Any) -> requests.Response:
    return house.post("/introspect", {"token": token}, auth=(client_id, SECRET), **more)


def test_int_01_a_client_that_is_no_resource_server_learns_nothing(house: RunningHouse) -> None:
    house.add_client("app", secret=SECRET)
    held = house.sign_in()
    for token in (held["access_token"], held["refresh_token"]):
        assert ask(house, token, "app").json() == INACTIVE
    assert introspect(house, held["refresh_token"]) == INACTIVE, "a refresh token concerns its client alone"
    assert ask(house, signed_in_backend(house)["refresh_token"], "app").json() == INACTIVE


def test_int_01_a_resource_server_learns_of_its_own_audience_and_of_its_own_scopes(tmp_path: Path) -> None:
    with open_house(tmp_path, audiences={FEED: "readings:read"}) as house:
        furnish(house)
        house.add_client("feed", secret=SECRET, grants=(), resource=FEED, may_introspect=True)
        house.add_client("job", secret=SECRET, grants=("client_credentials",), audiences=(FEED,))
        form = {"grant_type": "client_credentials", "audience": f"{house.issuer}/api"}
        own = tokens(house.post("/token", form, auth=("job", SECRET)))["access_token"]
        both = [("grant_type", "client_credentials"), ("audience", FEED), ("audience", f"{house.issuer}/api")]
        shared = tokens(send(house, "/token", both, auth=("job", SECRET)))["access_token"]
        assert (ask(house, own).json()["active"], ask(house, own, "feed").json()) == (True, INACTIVE)
        for caller in ("backend", "feed"):
            assert ask(house, shared, caller).json()["scope"] == "readings:read"
        app = house.do(house.app.house.store.find_client("feed"))
        assert app is not None
        house.do(house.app.house.store.change_client(replace(app, may_introspect=False)))
        assert ask(house, shared, "feed").json() == INACTIVE


def test_int_06_who_asks_about_made_up_tokens_is_slowed_down_and_honest_tokens_are_not(tmp_path: Path) -> None:
    with open_house(tmp_path, tries_per_caller=5) as house:
        furnish(house)
        house.add_client("other", secret=SECRET, may_introspect=True)
        held = signed_in_backend(house)
        for number in range(5):
            assert introspect(house, held["refresh_token"])["active"] is True, "a right one is given back"
            assert ask(house, f"made-up-{number}").json() == INACTIVE
        answer = ask(house, "made-up-6")
        assert (answer.status_code, "active" in answer.json()) == (429, False)
        assert 0 < int(answer.headers["retry-after"]) <= 600
        # What this server signed is no guess: the people of a resource server go on while somebody floods it.
        assert introspect(house, held["access_token"])["active"] is True
        revoke(house, house.sign_in()["access_token"])
        assert ask(house, "made-up-7", "other").json() == INACTIVE
        house.clock.advance(601)
        assert ask(house, "made-up-8").json() == INACTIVE


def test_int_07_what_our_own_api_remembers_of_a_token_ends_with_it(house: RunningHouse) -> None:
    held, kept = house.sign_in(), house.sign_in()
    for _ in range(3):  # from the second time on its signature is not verified again
        assert house.me(held).status_code == house.me(kept).status_code == 200
    revoke(house, held["refresh_token"])
    assert (house.me(held).status_code, house.me(kept).status_code) == (401, 200)
    house.clock.advance(kept["expires_in"] - 1)
    assert house.me(kept).status_code == 200
    house.clock.advance(1)
    assert house.me(kept).status_code == 401


def test_int_07_no_cache_on_the_way_keeps_an_answer(house: RunningHouse) -> None:
    not_kept(ask(house, house.sign_in()["access_token"]))
