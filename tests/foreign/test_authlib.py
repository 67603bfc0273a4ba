"""Authlib's sessions, on requests and on httpx, sign in through a house they know by its metadata alone."""

import asyncio
import ssl
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6749.errors import MismatchingStateException

from server.oauth.device import GRANT_TYPE
from tests.conformance.app import BACK, decide, follow
from tests.house import SECRET, Phone, RunningHouse

with warnings.catch_warnings():
    # Authlib would rather have the successor of httpx; both have the same interface, and httpx is what people use.
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import AsyncOAuth2Client

DISCOVERY = "/.well-known/openid-configuration"
OF_ANA = {"username": "ana", "name": "Ana"}


@pytest.fixture(scope="module")
def known(house: RunningHouse) -> dict[str, Any]:
    """The metadata of the house, by name."""
    document: dict[str, Any] = house.get(DISCOVERY).json()
    return document


@pytest.fixture
def session(house: RunningHouse, pem: str, request: pytest.FixtureRequest) -> Iterator[OAuth2Session]:
    """A session of the client that the test names; `web` if it names none."""
    client_id, secret = getattr(request, "param", ("web", None))
    with open_session(house, pem, client_id, secret) as opened:
        yield opened


def open_session(house: RunningHouse, pem: str, client_id: str, secret: str | None = None, **more: Any) -> Any:
    known = house.get(DISCOVERY).json()
    opened = OAuth2Session(
        client_id,
        secret,
        code_challenge_method="S256",
        redirect_uri=BACK,
        token_endpoint=known["token_endpoint"],
        **more,
    )
    opened.trust_env, opened.verify = False, pem
    return opened


def approved(house: RunningHouse, phone: Phone, url: str) -> str:
    """Where the browser is sent back to after the person said yes at this authorization URL."""
    path = url.removeprefix(house.issuer)
    assert path != url, "the URL is at the issuer"
    location: str = decide(phone, follow(house, phone.web, path)).headers["location"]
    return location


WEB, SITE = ("web", None), ("site", SECRET)


@pytest.mark.parametrize("session", [WEB, SITE], ids=["public", "confidential"], indirect=True)
def test_an_app_signs_in_by_code_calls_the_api_refreshes_and_signs_out(
    house: RunningHouse, ana: Phone, known: dict[str, Any], session: OAuth2Session
) -> None:
    verifier = generate_token(48)
    url, state = session.create_authorization_url(
        known["authorization_endpoint"], code_verifier=verifier, scope="openid profile"
    )
    back = approved(house, ana, url)
    token = session.fetch_token(authorization_response=back, state=state, code_verifier=verifier)
    assert (token["token_type"], token["scope"]) == ("Bearer", "openid profile")
    assert session.get(house.issuer + "/api/me").json().items() >= OF_ANA.items()
    assert session.get(known["userinfo_endpoint"]).json()["name"] == "Ana"
    before = token["refresh_token"]
    assert session.refresh_token()["refresh_token"] != before
    assert session.get(house.issuer + "/api/me").status_code == 200
    assert session.revoke_token(known["revocation_endpoint"]).status_code == 200
    assert session.get(house.issuer + "/api/me").status_code == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.refresh_token()


def test_an_expired_token_is_refreshed_on_the_way(
    house: RunningHouse, ana: Phone, known: dict[str, Any], pem: str
) -> None:
    kept: list[dict[str, Any]] = []
    with open_session(house, pem, "web", update_token=lambda token, refresh_token: kept.append(token)) as session:
        verifier = generate_token(48)
        url, state = session.create_authorization_url(known["authorization_endpoint"], code_verifier=verifier)
        session.fetch_token(authorization_response=approved(house, ana, url), state=state, code_verifier=verifier)
        session.token["expires_at"] = 1
        assert session.get(house.issuer + "/api/me").status_code == 200
    assert len(kept) == 1


def test_a_stolen_code_is_worth_nothing_without_its_verifier(
    house: RunningHouse, ana: Phone, known: dict[str, Any], session: OAuth2Session
) -> None:
    verifier = generate_token(48)
    url, state = session.create_authorization_url(known["authorization_endpoint"], code_verifier=verifier)
    back = approved(house, ana, url)
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.fetch_token(authorization_response=back, state=state, code_verifier=generate_token(48))
    assert session.fetch_token(authorization_response=back, state=state, code_verifier=verifier)["access_token"]


def test_an_answer_with_another_state_is_not_taken(
    house: RunningHouse, ana: Phone, known: dict[str, Any], session: OAuth2Session
) -> None:
    url, _ = session.create_authorization_url(known["authorization_endpoint"], code_verifier=generate_token(48))
    with pytest.raises(MismatchingStateException):
        session.fetch_token(authorization_response=approved(house, ana, url), state="of-somebody-else")


@pytest.mark.parametrize("session", [SITE], indirect=True)
def test_a_back_end_gets_a_token_of_its_own_and_another_one_introspects_it(
    house: RunningHouse, known: dict[str, Any], session: OAuth2Session, pem: str
) -> None:
    token = session.fetch_token(grant_type="client_credentials", scope="readings:read")
    assert "refresh_token" not in token
    with open_session(house, pem, "backend", SECRET) as judge:
        found = judge.introspect_token(known["introspection_endpoint"], token=token["access_token"]).json()
        assert (found["active"], found["client_id"], found["scope"]) == (True, "site", "readings:read")
        assert judge.introspect_token(known["introspection_endpoint"], token="made-up").json() == {"active": False}
        assert judge.introspect_token(known["introspection_endpoint"], token=token["access_token"] + "x").json() == {
            "active": False
        }


DEVICES = [("tv", None), ("wall", SECRET)]


@pytest.mark.parametrize("session", DEVICES, ids=["public", "confidential"], indirect=True)
def test_a_device_polls_with_the_session_as_the_standard_says(
    house: RunningHouse, ana: Phone, known: dict[str, Any], session: OAuth2Session
) -> None:
    """Authlib has the server's half of RFC 8628 alone; a device uses its session with the grant's own parameters."""
    url = known["device_authorization_endpoint"]
    auth = session.client_auth(session.token_endpoint_auth_method)
    started = session.post(url, data={"scope": "profile"}, auth=auth, withhold_token=True).json()

    def poll() -> dict[str, Any]:
        token: dict[str, Any] = session.fetch_token(grant_type=GRANT_TYPE, device_code=started["device_code"])
        return token

    with pytest.raises(OAuthError, match="authorization_pending"):
        poll()
    with pytest.raises(OAuthError, match="slow_down"):
        poll()
    ana.approve(started)
    token = poll()
    assert token["scope"] == "profile"
    assert session.get(house.issuer + "/api/me").json()["username"] == "ana"
    if session.client_secret:
        assert poll()["refresh_token"] == token["refresh_token"], (
            "who authenticates may ask again when an answer is lost"
        )
    else:
        with pytest.raises(OAuthError, match="invalid_grant"):
            poll()
    assert session.refresh_token()["access_token"]
    with pytest.raises(OAuthError, match="invalid_grant"):
        poll()


def test_an_app_of_asyncio_does_the_same(house: RunningHouse, ana: Phone, known: dict[str, Any], pem: str) -> None:
    verifier = generate_token(48)
    options: dict[str, Any] = {"redirect_uri": BACK, "code_challenge_method": "S256", "scope": "openid profile"}
    trust = ssl.create_default_context(cafile=pem)

    async def story() -> None:
        endpoint = known["token_endpoint"]
        async with AsyncOAuth2Client("web", verify=trust, trust_env=False, token_endpoint=endpoint, **options) as app:
            url, state = app.create_authorization_url(known["authorization_endpoint"], code_verifier=verifier)
            back = await asyncio.to_thread(approved, house, ana, url)
            await app.fetch_token(authorization_response=back, state=state, code_verifier=verifier)
            assert (await app.get(house.issuer + "/api/me")).json()["username"] == "ana"
            app.token["expires_at"] = 1
            spent = app.token["refresh_token"]
            many = await asyncio.gather(*(app.get(house.issuer + "/api/me") for _ in range(5)))
            assert {answer.status_code for answer in many} == {200}, "one of the five refreshed for all of them"
            assert app.token["refresh_token"] != spent
            await app.revoke_token(known["revocation_endpoint"])
            assert (await app.get(house.issuer + "/api/me")).status_code == 401

    asyncio.run(story())
