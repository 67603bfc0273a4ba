"""OpenID Connect Back-Channel Logout 1.0: apps hear of a sign-out from the server itself, whoever signs out and how."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from sqlalchemy import text

from tests.conformance.app import BACK, GRANTS, App
from tests.conformance.test_logout import is_signed_in, sign_out
from tests.conformance.wire import StoppedClock, refresh, refused, tokens
from tests.forms import Forms
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house
from tests.outbound_server import Asked, Elsewhere, open_elsewhere
from tests.waiting import wait_until

SCOPES = ("openid", "profile", "offline_access")
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Place:
    """A house, and the server of its apps."""

    house: RunningHouse
    app: Elsewhere

    def told(self, count: int) -> list[dict[str, Any]]:
        """The claims of so many logout tokens, once they have all come, verified by discovery, JWK Set and PyJWT."""
        wait_until(lambda: len(self.app.asked) >= count)
        assert len(self.app.asked) == count
        return [self.read(asked) for asked in self.app.asked]

    def read(self, asked: Asked) -> dict[str, Any]:
        assert (asked.method, asked.headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
        (token,) = parse_qs(asked.body.decode())["logout_token"]
        header = jwt.get_unverified_header(token)
        assert header["typ"] == "logout+jwt"
        document = self.house.get("/.well-known/openid-configuration").json()
        assert header["alg"] in document["id_token_signing_alg_values_supported"]
        keys = self.house.get("/jwks").json()["keys"]
        (key,) = (jwt.PyJWK(each) for each in keys if each["kid"] == header["kid"])
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
        claims: dict[str, Any] = jwt.decode(token, key, [header["alg"]], issuer=self.house.issuer, options=options)
        return claims


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with (
        open_elsewhere(tmp_path) as elsewhere,
        open_house(tmp_path, clock=StoppedClock(), outbound_private=True, outbound_ca=elsewhere.ca) as running,
    ):
        furnish(running)
        for client_id, secret in (("web", ""), ("site", SECRET), ("web-2", "")):
            uri = "" if client_id == "web-2" else f"{elsewhere.origin}/{client_id}/out"
            running.add_client(
                client_id,
                secret=secret,
                grants=GRANTS,
                scopes=SCOPES,
                redirect_uris=(BACK,),
                backchannel_logout_uri=uri,
            )
        yield Place(running, elsewhere)


def said(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_every_app_of_the_browser_is_told_once_with_what_the_specification_asks(place: Place) -> None:
    phone, other = Phone(place.house), Phone(place.house)
    got = [App(place.house, client_id).sign_in(phone) for client_id in ("web", "site", "web-2")]
    App(place.house).sign_in(other)
    sign_out(phone)
    told = place.told(2)
    assert {asked.path for asked in place.app.asked} == {"/web/out", "/site/out"}
    now = place.house.clock() // 1_000
    sids = {said(each["id_token"])["aud"]: said(each["id_token"])["sid"] for each in got}
    for claims in told:
        assert {*claims} == {"iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"}, "no nonce"
        assert (claims["sub"], claims["sid"]) == ("account-ana", sids[claims["aud"]])
        assert claims["iat"] == now
        assert now < claims["exp"] <= now + 120
        assert claims["events"] == {EVENT: {}}
    assert told[0]["jti"] != told[1]["jti"]


def test_what_may_stay_is_told_too_and_keeps_its_tokens(place: Place) -> None:
    phone = Phone(place.house)
    got = App(place.house).sign_in(phone, scope="openid offline_access")
    sign_out(phone)
    assert place.told(1)[0]["sid"] == said(got["id_token"])["sid"]
    tokens(refresh(place.house, got["refresh_token"], "web"))


def test_an_app_that_does_not_sign_people_in_is_not_told(place: Place) -> None:
    phone = Phone(place.house)
    App(place.house).sign_in(phone, scope="profile")
    App(place.house, "site").sign_in(phone)
    sign_out(phone)
    assert [claims["aud"] for claims in place.told(1)] == ["site"]


def test_the_other_apps_hear_of_it_when_one_app_signs_the_person_out(place: Place) -> None:
    phone = Phone(place.house)
    got = App(place.house).sign_in(phone)
    App(place.house, "site").sign_in(phone)
    phone.web.get(place.house.address + "/end_session", params={"id_token_hint": got["id_token"]}, timeout=10)
    assert not is_signed_in(phone)
    assert {claims["aud"] for claims in place.told(2)} == {"web", "site"}


def test_an_account_that_is_disabled_is_signed_out_of_its_apps(place: Place) -> None:
    house, phone = place.house, Phone(place.house)
    got = App(house).sign_in(phone)
    store = house.app.house.store
    account = house.do(store.find_account("account-ana"))
    assert account is not None
    house.do(store.change_account(replace(account, is_enabled=False)))
    # As `porchlight user disable` does, in a process of its own: the intent is in the storage, with the end itself.
    for family in house.do(store.families("account-ana")):
        house.do(store.end_family(family.family_id, house.clock()))
    assert place.told(1)[0]["sid"] == said(got["id_token"])["sid"]


def test_an_app_that_is_signed_out_in_my_devices_is_told(place: Place) -> None:
    phone = Phone(place.house)
    got = App(place.house).sign_in(phone)
    family = said(got["id_token"])["sid"]
    (theirs,) = [f for f in place.house.do(place.house.app.house.store.families()) if f.family_id == family]
    page = phone.web.get(place.house.address + "/devices", timeout=10)
    action = f"/devices/{theirs.device_id}/sign-out"
    form = next(each for each in Forms(page.text).all if each.action == action)
    phone.web.post(place.house.address + action, form.fields, timeout=10)
    refused(refresh(place.house, got["refresh_token"], "web"), "invalid_grant")
    assert place.told(1)[0]["sid"] == family


def test_what_an_app_did_not_take_is_brought_again_with_a_fresh_token(place: Place) -> None:
    phone = Phone(place.house)
    place.app.answer = lambda asked: (503, {}, b"")
    App(place.house).sign_in(phone)
    sign_out(phone)
    first = place.told(1)[0]
    wait_until(lambda: _tries(place) == [1])
    place.app.answer = None
    place.house.clock.advance(61)
    place.house.do(place.house.app._box.empty())
    second = place.told(2)[1]
    assert (first["sid"], first["jti"] == second["jti"]) == (second["sid"], False)
    assert second["iat"] == place.house.clock() // 1_000
    wait_until(lambda: _tries(place) == [])


def test_an_app_that_says_the_token_is_wrong_is_not_asked_again(place: Place) -> None:
    phone = Phone(place.house)
    place.app.answer = lambda asked: (400, {}, json.dumps({"error": "invalid_request"}).encode())
    App(place.house).sign_in(phone)
    sign_out(phone)
    place.told(1)
    wait_until(lambda: _tries(place) == [])


def test_what_is_owed_outlives_the_server(tmp_path: Path) -> None:
    with open_elsewhere(tmp_path) as elsewhere:
        more: Any = {"clock": StoppedClock(), "outbound_private": True, "outbound_ca": elsewhere.ca}
        elsewhere.answer = lambda asked: (503, {}, b"")
        with open_house(tmp_path, **more) as house:
            furnish(house)
            uri = f"{elsewhere.origin}/out"
            house.add_client("web", grants=GRANTS, scopes=SCOPES, redirect_uris=(BACK,), backchannel_logout_uri=uri)
            phone = Phone(house)
            App(house).sign_in(phone)
            sign_out(phone)
            wait_until(lambda: len(elsewhere.asked) == 1)
            wait_until(lambda: _tries(Place(house, elsewhere)) == [1])
        elsewhere.answer = None
        more["clock"].advance(61)
        with open_house(tmp_path, **more):
            wait_until(lambda: len(elsewhere.asked) == 2)


def test_an_address_in_our_own_network_is_not_asked(tmp_path: Path) -> None:
    with open_elsewhere(tmp_path) as elsewhere, open_house(tmp_path, outbound_ca=elsewhere.ca) as house:
        furnish(house)
        uri = f"{elsewhere.origin}/out"
        house.add_client("web", grants=GRANTS, scopes=SCOPES, redirect_uris=(BACK,), backchannel_logout_uri=uri)
        phone = Phone(house)
        App(house).sign_in(phone)
        sign_out(phone)
        wait_until(lambda: _tries(Place(house, elsewhere)) == [1])
        assert elsewhere.asked == []


def _tries(place: Place) -> list[int]:
    """How often each delivery that is still owed was tried."""

    async def look() -> list[int]:
        store: Any = place.house.app.house.store
        rows = await store.group.ask(lambda connection: connection.execute(text("SELECT tries FROM delivery")).all())
        return [row[0] for row in rows]

    return place.house.do(look())
