"""Clients that publish their keys (RFC 7591 section 2, RFC 7523): asked once, not as often as strangers like."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests

from server.endpoints.client_auth import ASSERTION_TYPE
from tests.conformance.wire import StoppedClock, at_once
from tests.dpop import Key
from tests.house import RunningHouse, furnish, open_house
from tests.outbound_server import Asked, Elsewhere, Reply, open_elsewhere

OLD, NEW, STRANGER = Key(), Key(), Key()


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with open_elsewhere(tmp_path_factory.mktemp("elsewhere")) as place:
        publish(place, OLD)
        yield place


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[RunningHouse]:
    folder = tmp_path_factory.mktemp("keys")
    with open_house(folder, clock=StoppedClock(), outbound_private=True, outbound_ca=elsewhere.ca) as running:
        furnish(running)
        running.add_client("fleet", auth_method="private_key_jwt", jwks_uri=elsewhere.origin + "/jwks")
        yield running


def publish(place: Elsewhere, *keys: Key) -> None:
    def answer(_: Asked) -> Reply:
        body = json.dumps({"keys": [key.jwk | {"kid": key.jkt} for key in keys]}).encode()
        return 200, {"content-type": "application/jwk-set+json"}, body

    place.answer = answer


def begin(house: RunningHouse, key: Key, web: requests.Session | None = None, kid: str = "") -> requests.Response:
    now = house.clock() // 1_000
    said: dict[str, Any] = {"iss": "fleet", "sub": "fleet", "aud": house.issuer, "exp": now + 60, "iat": now}
    text = jwt.encode(said | {"jti": secrets.token_hex(8)}, key.private, "ES256", headers={"kid": kid or key.jkt})
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}
    return (web or house.web).post(house.address + "/device_authorization", form, timeout=40)


def test_pkj_01_keys_are_fetched_once_and_again_when_they_changed(house: RunningHouse, elsewhere: Elsewhere) -> None:
    for _ in range(3):
        assert begin(house, OLD).status_code == 200
    assert [asked.path for asked in elsewhere.asked] == ["/jwks"]
    publish(elsewhere, NEW)
    assert begin(house, NEW).status_code == 401, "asked a moment ago"
    house.clock.advance(61)
    assert begin(house, NEW).status_code == 200
    assert begin(house, OLD).json()["error"] == "invalid_client"
    assert len(elsewhere.asked) == 2
    house.clock.advance(601)
    assert begin(house, NEW).status_code == 200
    assert len(elsewhere.asked) == 3, "a key that is taken back is noticed in ten minutes"


def test_key_01_a_flood_of_unknown_keys_makes_one_request_a_minute(house: RunningHouse, elsewhere: Elsewhere) -> None:
    assert begin(house, OLD).status_code == 200

    def flood(web: requests.Session, number: int) -> list[int]:
        return [begin(house, STRANGER, web, f"made-up-{number}-{each}").status_code for each in range(10)]

    for minute in range(1, 4):
        house.clock.advance(60)
        assert {status for each in at_once(flood, 8) for status in each} == {401}
        assert len(elsewhere.asked) == 1 + minute
    assert begin(house, OLD).status_code == 200


def test_while_the_address_is_silent_the_last_keys_hold_for_a_day(house: RunningHouse, elsewhere: Elsewhere) -> None:
    assert begin(house, OLD).status_code == 200
    elsewhere.answer = lambda _: (500, {}, b"")
    house.clock.advance(3_600)
    assert begin(house, OLD).status_code == 200
    house.clock.advance(86_400)
    assert begin(house, OLD).json()["error"] == "invalid_client"
    publish(elsewhere, OLD)
    house.clock.advance(61)
    assert begin(house, OLD).status_code == 200


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"keys": []}', b"\xff", b" " * 20_000], ids=repr)
def test_what_is_no_jwk_set_lets_nobody_in(house: RunningHouse, elsewhere: Elsewhere, body: bytes) -> None:
    elsewhere.answer = lambda _: (200, {}, body)
    assert begin(house, OLD).json()["error"] == "invalid_client"
    for _ in range(3):
        begin(house, OLD)
    assert len(elsewhere.asked) == 1


def test_an_address_that_is_not_public_is_never_asked(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("closed")
    with open_elsewhere(folder) as place, open_house(folder, outbound_ca=place.ca) as house:
        publish(place, OLD)
        house.add_client("fleet", auth_method="private_key_jwt", jwks_uri=place.origin + "/jwks")
        assert begin(house, OLD).json()["error"] == "invalid_client"
        assert place.asked == []
