"""RFC 7009 revocation and RFC 7662 introspection: what has ended is dead at once, and nobody else is told anything."""

from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.wire import FORM, not_kept, refresh, refused, send, tokens
from tests.house import SECRET, RunningHouse

INACTIVE = {"active": False}


def introspect(house: RunningHouse, token: str, **more: str) -> dict[str, Any]:
    answer = house.post("/introspect", {"token": token, **more}, auth=("backend", SECRET))
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = not_kept(answer).json()
    return content


def revoke(house: RunningHouse, token: str, client_id: str = "tv", **more: str) -> Any:
    return house.post("/revoke", {"token": token, "client_id": client_id, **more})


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_rev_01_either_token_ends_the_sign_in(house: RunningHouse, kind: str) -> None:
    held = house.sign_in()
    assert revoke(house, held[kind]).status_code == 200
    refused(refresh(house, held["refresh_token"]), "invalid_grant")
    for token in (held["access_token"], held["refresh_token"]):
        assert introspect(house, token) == INACTIVE


def test_rev_02_revocation_is_a_form_by_post_of_the_tokens_client(house: RunningHouse) -> None:
    held = house.sign_in()["refresh_token"]
    refused(send(house, "/revoke", [("client_id", "tv")]), "invalid_request")
    refused(send(house, "/revoke", [("token", held)]), "invalid_request")
    refused(revoke(house, held, "tv", client_secret="x"), "invalid_client", 401)
    refused(revoke(house, held, "backend"), "invalid_client", 401)
    assert house.get(f"/revoke?token={held}&client_id=tv").status_code == 405
    refused(house.post(f"/revoke?token={held}&client_id=tv", "", headers=FORM), "invalid_request")
    assert introspect(house, held)["active"] is True


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "banana"])
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_rev_03_a_wrong_hint_does_not_matter(house: RunningHouse, kind: str, hint: str) -> None:
    held = house.sign_in()
    assert revoke(house, held[kind], token_type_hint=hint).status_code == 200
    refused(refresh(house, held["refresh_token"]), "invalid_grant")


def test_rev_04_another_clients_token_is_left_alone(house: RunningHouse) -> None:
    held = house.sign_in()
    for token in (held["refresh_token"], held["access_token"]):
        refused(revoke(house, token, "radio"), "invalid_grant")
    assert introspect(house, held["access_token"])["active"] is True
    tokens(refresh(house, held["refresh_token"]))


def test_rev_05_what_is_dead_or_unknown_is_no_error(house: RunningHouse) -> None:
    held = house.sign_in()["refresh_token"]
    for token in ("garbage", "a.b.c", held, held):
        answer = revoke(house, token)
        assert (answer.status_code, answer.text) == (200, "")


def test_rev_06_all_access_tokens_of_the_sign_in_die_with_it(house: RunningHouse) -> None:
    held = house.sign_in()
    access = [held["access_token"]]
    for _ in range(2):
        held = tokens(refresh(house, held["refresh_token"]))
        access.append(held["access_token"])
    assert revoke(house, held["refresh_token"]).status_code == 200
    for token in access:
        assert introspect(house, token) == INACTIVE
        answer = house.get("/api/me", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


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
    if how != "expired":
        assert introspect(house, held["refresh_token"]) == INACTIVE


def test_int_04_a_refresh_token_that_was_replaced_is_inactive(house: RunningHouse) -> None:
    held = house.sign_in()["refresh_token"]
    fresh = tokens(refresh(house, held))["refresh_token"]
    assert introspect(house, held) == INACTIVE
    assert introspect(house, fresh)["active"] is True


def test_int_05_the_members_and_their_types(house: RunningHouse) -> None:
    held = house.sign_in(scope="profile readings:read")
    access, refresh_token = introspect(house, held["access_token"]), introspect(house, held["refresh_token"])
    types: dict[str, type] = {"active": bool, "scope": str, "exp": int, "iat": int, "client_id": str, "sub": str}
    for content in (access, refresh_token):
        assert {name: type(content[name]) for name in types} == types
        assert (content["scope"], content["client_id"]) == ("profile readings:read", "tv")
        assert (content["sub"], content["iss"]) == ("account-ana", house.issuer)
        assert content["exp"] > content["iat"] > 1_600_000_000
    assert access["aud"] == f"{house.issuer}/api"
    assert access["token_type"] == "Bearer"
    assert refresh_token["token_type"] != "Bearer"  # no API takes it for an access token


def test_int_06_tokens_do_not_travel_in_addresses(house: RunningHouse) -> None:
    token = house.sign_in()["access_token"]
    answer = house.get(f"/introspect?token={token}", auth=("backend", SECRET))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    refused(house.post(f"/introspect?token={token}", "", auth=("backend", SECRET), headers=FORM), "invalid_request")
