"""OpenID Connect: who signed in, when and how, in an ID token and at the userinfo endpoint."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
import requests

from tests.conformance.app import App, came_back, decide
from tests.conformance.test_bcp_code import SCOPES, house, phone
from tests.conformance.wire import not_kept, refresh, tokens
from tests.dpop import Key
from tests.house import Phone, RunningHouse

__all__ = ["house", "phone"]
OPENID = "/.well-known/openid-configuration"


def read(house: RunningHouse, token: str, audience: str) -> dict[str, Any]:
    """What an ID token says, verified as a client that nobody here wrote would: by discovery, JWK Set and PyJWT."""
    document = house.get(OPENID).json()
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "RS256", "the one that every client must know"
    keys = house.get(document["jwks_uri"].removeprefix(house.issuer)).json()["keys"]
    (key,) = (jwt.PyJWK(each) for each in keys if each["kid"] == header["kid"])
    options: Any = {"verify_exp": False, "verify_iat": False, "require": ["iss", "sub", "aud", "exp", "iat"]}
    algorithms = document["id_token_signing_alg_values_supported"]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=algorithms, audience=audience, issuer=document["issuer"], options=options
    )
    return claims


def userinfo(
    house: RunningHouse, got: dict[str, Any], method: str = "GET", scheme: str = "Bearer"
) -> requests.Response:
    headers = {"Authorization": f"{scheme} {got['access_token']}"}
    return house.web.request(method, house.address + "/userinfo", headers=headers, timeout=10)


def open_tv(house: RunningHouse) -> str:
    """A device that may ask for `openid`."""
    if house.do(house.app.house.store.find_client("open-tv")) is None:
        house.add_client("open-tv", scopes=SCOPES)
    return "open-tv"


def test_oidc_01_a_device_learns_who_signed_in_and_when(house: RunningHouse) -> None:
    tv, phone = open_tv(house), Phone(house)
    phone.open(house.begin(tv))
    signed_in_at = house.clock() // 1_000
    house.clock.advance(50)
    started = house.begin(tv, scope="openid profile")
    phone.approve(started)
    house.clock.advance(30)
    got = tokens(house.poll(started, tv))
    claims = read(house, got["id_token"], tv)
    assert (claims["sub"], claims["aud"], claims["iss"]) == ("account-ana", tv, house.issuer)
    assert claims["auth_time"] == signed_in_at, "when the person showed the password, not when the device asked"
    assert (claims["iat"], claims["amr"]) == (house.clock() // 1_000, ["pwd"])
    assert claims["acr"] in house.get(OPENID).json()["acr_values_supported"]
    assert "nonce" not in claims
    digest = hashlib.sha256(got["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert {*claims} <= {*house.get(OPENID).json()["claims_supported"]}


def test_oidc_01_without_openid_there_is_no_id_token(house: RunningHouse) -> None:
    assert "id_token" not in house.sign_in(client_id=open_tv(house), scope="profile")
    assert "id_token" not in house.sign_in()


def test_oidc_01_an_app_gets_its_nonce_back(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone, nonce="n-0S6_WzA2Mj")
    claims = read(house, got["id_token"], "web")
    assert (claims["nonce"], claims["iss"]) == ("n-0S6_WzA2Mj", house.issuer)
    assert "nonce" not in read(house, App(house).sign_in(phone)["id_token"], "web")


def test_oidc_02_a_refresh_tells_of_the_same_sign_in(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone, nonce="once")
    before = read(house, got["id_token"], "web")
    house.clock.advance(600)
    again = tokens(refresh(house, got["refresh_token"], "web"))
    after = read(house, again["id_token"], "web")
    for name in ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid"):
        assert after[name] == before[name]
    assert after["iat"] == before["iat"] + 600
    assert "nonce" not in after
    narrow = tokens(refresh(house, again["refresh_token"], "web", scope="profile"))
    assert "id_token" not in narrow


def test_jat_02_an_access_token_tells_of_the_same_approval_over_refreshes(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    first = jwt.decode(got["access_token"], options={"verify_signature": False})
    house.clock.advance(600)
    later = tokens(refresh(house, got["refresh_token"], "web"))
    second = jwt.decode(later["access_token"], options={"verify_signature": False})
    for name in ("auth_time", "acr", "amr"):
        assert first[name] == second[name]
    assert first["aud"] == house.issuer + "/api"


def test_oidc_01_a_fresh_sign_in_shows_in_auth_time(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    before = read(house, app.sign_in(phone)["id_token"], "web")["auth_time"]
    house.clock.advance(100)
    assert read(house, app.sign_in(phone)["id_token"], "web")["auth_time"] == before
    assert read(house, app.sign_in(phone, prompt="login")["id_token"], "web")["auth_time"] == before + 100


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidc_03_userinfo_tells_what_the_scopes_open(house: RunningHouse, phone: Phone, method: str) -> None:
    assert house.get(OPENID).json()["userinfo_endpoint"] == house.issuer + "/userinfo"
    got = App(house).sign_in(phone)
    told = not_kept(userinfo(house, got, method)).json()
    assert told == {"sub": "account-ana", "name": "Ana", "preferred_username": "ana"}
    assert told["sub"] == read(house, got["id_token"], "web")["sub"]
    assert userinfo(house, App(house).sign_in(phone, scope="openid"), method).json() == {"sub": "account-ana"}


def test_oidc_03_userinfo_refuses_every_token_that_is_not_for_it(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    assert userinfo(house, {"access_token": got["id_token"]}).status_code == 401
    assert userinfo(house, {"access_token": "garbage"}).headers["www-authenticate"].startswith("Bearer ")
    assert house.get("/userinfo").status_code == 401
    assert house.get("/userinfo?access_token=" + got["access_token"]).status_code == 400
    narrow = userinfo(house, App(house).sign_in(phone, scope="profile"))
    assert (narrow.status_code, narrow.json()["error"]) == (403, "insufficient_scope")
    house.post("/revoke", {"client_id": "web", "token": got["refresh_token"]})
    assert userinfo(house, got).status_code == 401


def test_oidc_03_a_bound_token_is_no_bearer_token_at_userinfo(house: RunningHouse, phone: Phone) -> None:
    app, key = App(house), Key()
    code = app.approved(phone)["code"]
    proof = key.proof("POST", house.issuer + "/token", house.clock())
    got = tokens(app.redeem(code, headers={"DPoP": proof}))
    assert userinfo(house, got).status_code == 401
    assert userinfo(house, got, scheme="DPoP").status_code == 401
    proof = key.proof("GET", house.issuer + "/userinfo", house.clock(), token=got["access_token"])
    headers = {"Authorization": f"DPoP {got['access_token']}", "DPoP": proof}
    assert house.get("/userinfo", headers=headers).json()["sub"] == "account-ana"


def test_jat_03_an_id_token_opens_nothing(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    assert house.me({"access_token": got["id_token"]}).status_code == 401
    answer = came_back(decide(phone, App(house).ask(phone.web)))
    assert "id_token" not in answer, "nothing but a code leaves by the front channel"


def test_meta_07_openid_is_a_scope_and_its_key_is_published(house: RunningHouse) -> None:
    document = house.get(OPENID).json()
    assert "openid" in document["scopes_supported"]
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert "RS256" in {key["alg"] for key in house.get("/jwks").json()["keys"]}
    assert document["authorization_endpoint"] == house.issuer + "/authorize"
