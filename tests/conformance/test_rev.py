"""RFC 7009 revocation: what has ended is dead at once, and nobody else's token is touched."""

import pytest

from tests.conformance.test_int import INACTIVE, introspect, revoke
from tests.conformance.wire import FORM, refresh, refused, send, tokens
from tests.house import RunningHouse


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_rev_01_either_token_ends_the_sign_in(house: RunningHouse, kind: str) -> None:
    held = house.sign_in()
    assert revoke(house, held[kind]).status_code == 200
    refused(refresh(house, held["refresh_token"]), "invalid_grant")
    assert introspect(house, held["access_token"]) == INACTIVE


def test_rev_02_revocation_is_a_form_by_post_of_the_tokens_client(house: RunningHouse) -> None:
    held = house.sign_in()["refresh_token"]
    refused(send(house, "/revoke", [("client_id", "tv")]), "invalid_request")
    refused(send(house, "/revoke", [("token", held)]), "invalid_request")
    refused(revoke(house, held, "tv", client_secret="x"), "invalid_client", 401)
    refused(revoke(house, held, "backend"), "invalid_client", 401)
    assert house.get(f"/revoke?token={held}&client_id=tv").status_code == 405
    refused(house.post(f"/revoke?token={held}&client_id=tv", "", headers=FORM), "invalid_request")
    tokens(refresh(house, held))


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
