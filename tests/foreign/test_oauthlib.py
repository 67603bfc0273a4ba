"""requests-oauthlib and oauthlib's own device client sign in, poll, refresh and are refused in words they know."""

from collections.abc import Iterator
from typing import Any

import pytest
from oauthlib.oauth2 import BackendApplicationClient, DeviceClient
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidGrantError,
    MismatchingStateError,
    OAuth2Error,
    TokenExpiredError,
)
from oauthlib.oauth2.rfc8628.errors import AccessDenied, AuthorizationPendingError, ExpiredTokenError, SlowDownError
from requests_oauthlib import OAuth2Session

from tests.conformance.app import BACK, decide, follow
from tests.conformance.wire import is_undecided
from tests.house import SECRET, Phone, RunningHouse

SCOPE = ["openid", "profile"]


@pytest.fixture
def device(house: RunningHouse, pem: str) -> Iterator[OAuth2Session]:
    with OAuth2Session(client=DeviceClient("tv", scope=["profile"])) as session:
        session.trust_env, session.verify = False, pem
        yield session


@pytest.fixture
def app(house: RunningHouse, pem: str) -> Iterator[OAuth2Session]:
    with OAuth2Session("web", scope=SCOPE, redirect_uri=BACK, pkce="S256") as session:
        session.trust_env, session.verify = False, pem
        yield session


def begin(house: RunningHouse, device: OAuth2Session) -> dict[str, Any]:
    form = {"client_id": device.client_id, "scope": "profile"}
    started: dict[str, Any] = device.post(house.issuer + "/device_authorization", form, withhold_token=True).json()
    return started


def poll(house: RunningHouse, device: OAuth2Session, started: dict[str, Any]) -> dict[str, Any]:
    """As a program without a word of ours would: the library's own request, and the library's own errors."""
    token: dict[str, Any] = device.fetch_token(
        house.issuer + "/token", device_code=started["device_code"], include_client_id=True
    )
    return token


def word_of(house: RunningHouse, device: OAuth2Session, started: dict[str, Any]) -> str:
    """The error word of a poll, as oauthlib tells it."""
    with pytest.raises(OAuth2Error) as refused:
        poll(house, device, started)
    return str(refused.value.error)


def test_the_device_client_waits_and_signs_in(house: RunningHouse, ana: Phone, device: OAuth2Session) -> None:
    started = begin(house, device)
    assert word_of(house, device, started) == AuthorizationPendingError.error
    assert word_of(house, device, started) == SlowDownError.error
    ana.approve(started)
    token = poll(house, device, started)
    assert (token["token_type"], list(token["scope"])) == ("Bearer", ["profile"])
    assert device.get(house.issuer + "/api/me").json()["username"] == "ana"
    assert word_of(house, device, started) == InvalidGrantError.error
    assert house.me(token).status_code == 200, "and a spent code changes nothing about the tokens"


def test_the_device_client_hears_of_a_no_and_of_the_end(house: RunningHouse, ana: Phone, device: OAuth2Session) -> None:
    started, late = begin(house, device), begin(house, device)
    ana.deny(started)
    assert word_of(house, device, started) == AccessDenied.error
    house.clock.advance(late["expires_in"] + 1)
    assert word_of(house, device, late) == ExpiredTokenError.error


def test_another_device_client_gets_nothing(house: RunningHouse, ana: Phone, device: OAuth2Session, pem: str) -> None:
    started = begin(house, device)
    with OAuth2Session(client=DeviceClient("radio", scope=["profile"])) as other:
        other.trust_env, other.verify = False, pem
        assert word_of(house, other, started) == InvalidGrantError.error
    assert is_undecided(house, started)
    ana.approve(started)
    assert poll(house, device, started)["access_token"]


def approved(house: RunningHouse, phone: Phone, url: str) -> str:
    page = follow(house, phone.web, url.removeprefix(house.issuer))
    location: str = decide(phone, page).headers["location"]
    return location


def test_a_web_application_signs_in_with_pkce_and_refreshes_by_itself(
    house: RunningHouse, ana: Phone, app: OAuth2Session
) -> None:
    kept: list[dict[str, Any]] = []
    app.auto_refresh_url, app.token_updater = house.issuer + "/token", kept.append
    app.auto_refresh_kwargs = {"client_id": "web"}
    url, _ = app.authorization_url(house.issuer + "/authorize")
    back = approved(house, ana, url)
    token = app.fetch_token(house.issuer + "/token", authorization_response=back, include_client_id=True)
    assert list(token["scope"]) == SCOPE
    assert app.get(house.issuer + "/userinfo").json()["name"] == "Ana"
    app.token = token | {"expires_at": 1, "expires_in": -1}
    assert app.get(house.issuer + "/api/me").json()["username"] == "ana"
    assert len(kept) == 1
    assert kept[0]["refresh_token"] != token["refresh_token"]
    with pytest.raises(InvalidGrantError):
        app.refresh_token(house.issuer + "/token", token["refresh_token"], client_id="web")
    assert app.get(house.issuer + "/api/me").status_code == 401, "a spent refresh token ended the sign-in"


def test_an_expired_token_without_a_way_to_refresh_is_said(house: RunningHouse, ana: Phone, app: OAuth2Session) -> None:
    url, _ = app.authorization_url(house.issuer + "/authorize")
    back = approved(house, ana, url)
    app.token = app.fetch_token(house.issuer + "/token", authorization_response=back, include_client_id=True) | {
        "expires_at": 1
    }
    with pytest.raises(TokenExpiredError):
        app.get(house.issuer + "/api/me")


def test_what_the_person_refused_reaches_the_application_as_an_error_it_knows(
    house: RunningHouse, ana: Phone, app: OAuth2Session
) -> None:
    url, _ = app.authorization_url(house.issuer + "/authorize")
    page = follow(house, ana.web, url.removeprefix(house.issuer))
    back = decide(ana, page, "deny").headers["location"]
    with pytest.raises(OAuth2Error, match="access_denied"):
        app.fetch_token(house.issuer + "/token", authorization_response=back, include_client_id=True)
    with pytest.raises(MismatchingStateError):
        app.fetch_token(house.issuer + "/token", authorization_response=f"{BACK}?code=x&state=y")


def test_a_back_end_application_gets_a_token_of_its_own(house: RunningHouse, pem: str) -> None:
    client = BackendApplicationClient("site", scope=["readings:read"])
    with OAuth2Session(client=client) as session:
        session.trust_env, session.verify = False, pem
        token = session.fetch_token(house.issuer + "/token", auth=("site", SECRET))
        assert list(token["scope"]) == ["readings:read"]
        with pytest.raises(InvalidClientError):
            session.fetch_token(house.issuer + "/token", auth=("site", "wrong"))
