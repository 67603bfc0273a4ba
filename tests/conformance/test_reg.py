"""Clients that register themselves, over HTTP (RFC 7591, RFC 7592)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jwt
import pytest
import requests

from server.endpoints.client_auth import ASSERTION_TYPE
from server.oauth.backchannel import GRANT_TYPE as CIBA
from server.oauth.device import GRANT_TYPE
from server.oauth.grants import BY_TYPE
from server.oauth.registered import InitialToken
from server.oauth.registration import DEVICES_ONLY, METHODS
from server.oauth.secret import digest, draw, draw_id
from tests.conformance.app import App
from tests.conformance.wire import StoppedClock, not_kept, refused
from tests.dpop import Key
from tests.house import PASSWORD, Phone, RunningHouse, furnish, open_house

SCOPES = ("profile", "readings:read")
CODE, REFRESH = "authorization_code", "refresh_token"
BACK = "https://app.example/back"
KEY = Key()
JWKS = {"keys": [KEY.jwk]}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("reg"), clock=StoppedClock()) as running:
        furnish(running)
        yield running


def initial_token(house: RunningHouse, *, uses: int = 1_000, within: int = 3_600_000, **permit: Any) -> str:
    """An initial access token, as an operator makes them: for devices only, unless the permit says more."""
    token, now = draw(), house.clock()
    given: dict[str, Any] = {"grants": DEVICES_ONLY.grants, "methods": DEVICES_ONLY.methods, "scopes": SCOPES} | permit
    kept = InitialToken(
        draw_id(), digest("initial_token", token), "", created_at=now, expires_at=now + within, uses_left=uses, **given
    )
    house.do(house.app.house.store.add_initial_token(kept))
    return token


def everything(house: RunningHouse) -> str:
    return initial_token(house, grants=(*BY_TYPE, "implicit"), methods=(*METHODS,))


def register(house: RunningHouse, token: str, metadata: Any) -> requests.Response:
    return house.web.post(house.address + "/register", json=metadata, headers=bearer(token), timeout=40)


def registered(house: RunningHouse, token: str, metadata: Any) -> dict[str, Any]:
    answer = register(house, token, metadata)
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = not_kept(answer).json()
    return content


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def entry(house: RunningHouse, mine: dict[str, Any], method: str = "GET", **more: Any) -> requests.Response:
    """A request at the client's own entry, with its own token unless another is given."""
    headers = bearer(more.pop("token", mine["registration_access_token"]))
    uri = mine["registration_client_uri"]
    return house.web.request(method, uri, headers=headers, timeout=40, **more)


def update(mine: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a client sends to keep its entry as it is, with these changes; None leaves a member out."""
    ours = ("registration_access_token", "registration_client_uri", "client_id_issued_at", "client_secret_expires_at")
    said = {name: value for name, value in mine.items() if name not in ours} | more
    return {name: value for name, value in said.items() if value is not None}


def test_reg_01_a_device_registers_itself_and_signs_in(house: RunningHouse) -> None:
    mine = registered(house, initial_token(house), {"client_name": "  Hall \u202eTV\n ", "scope": "profile"})
    assert mine["client_id_issued_at"] == house.clock() // 1_000
    assert mine["client_name"] == "Hall TV"
    assert (mine["grant_types"], mine["scope"]) == ([GRANT_TYPE, REFRESH], "profile")
    assert mine["token_endpoint_auth_method"] == "none"
    assert not {"client_secret", "client_secret_expires_at", "response_types", "redirect_uris"} & mine.keys()
    assert mine["registration_client_uri"] == f"{house.issuer}/register/{mine['client_id']}"
    tokens = house.sign_in(client_id=mine["client_id"])
    assert tokens["scope"] == "profile"
    assert house.me(tokens).status_code == 200
    metadata = house.get("/.well-known/oauth-authorization-server").json()
    assert metadata["registration_endpoint"] == house.issuer + "/register"


def test_reg_01_all_that_is_registered_is_said_and_what_is_not_is_not(house: RunningHouse) -> None:
    asked = {
        "client_name": "Wall",
        "grant_types": [CODE, REFRESH, GRANT_TYPE],
        "response_types": ["code"],
        "redirect_uris": [BACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": JWKS,
        "scope": "profile readings:read",
        "dpop_bound_access_tokens": True,
        "require_pushed_authorization_requests": True,
    }
    shown = {"logo_uri": "https://evil.example/logo.png", "client_uri": "https://evil.example/", "made_up": {"a": 1}}
    mine = registered(house, everything(house), asked | shown)
    assert {name: mine[name] for name in asked} == asked
    assert not shown.keys() & mine.keys()
    assert entry(house, mine).json() == mine


def test_reg_01_a_secret_is_new_each_time_and_shown_once(house: RunningHouse) -> None:
    token = initial_token(house, grants=("client_credentials",), methods=("client_secret_basic", "client_secret_post"))
    first, second = (registered(house, token, {"grant_types": ["client_credentials"]}) for _ in range(2))
    assert first["client_secret"] != second["client_secret"]
    assert first["client_secret_expires_at"] == 0
    assert first["token_endpoint_auth_method"] == "client_secret_basic"
    auth = (first["client_id"], first["client_secret"])
    assert house.post("/token", {"grant_type": "client_credentials"}, auth=auth).status_code == 200
    assert not {"client_secret", "client_secret_expires_at"} & entry(house, first).json().keys()
    post = registered(
        house, token, {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post"}
    )
    assert post["token_endpoint_auth_method"] == "client_secret_post"


def test_reg_01_nobody_registers_without_a_token_that_is_good(house: RunningHouse) -> None:
    once, short = initial_token(house, uses=1), initial_token(house, within=60_000)
    registered(house, once, {})
    registered(house, short, {})
    house.clock.advance(60)
    for token in (once, short, "", "guessed", draw()):
        assert (
            refused(register(house, token, {}), "invalid_token", 401).headers["www-authenticate"].startswith("Bearer")
        )
    assert house.web.post(house.address + "/register", json={}, timeout=40).status_code == 401


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"redirect_uris": ["http://app.example/back"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example/#part"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": BACK}, "invalid_redirect_uri"),
        ({"redirect_uris": [f"{BACK}/{number}" for number in range(21)]}, "invalid_redirect_uri"),
        ({"redirect_uris": [BACK], "grant_types": [GRANT_TYPE]}, "invalid_redirect_uri"),
        ({"grant_types": [CODE]}, "invalid_redirect_uri"),
        ({"grant_types": "x"}, "invalid_client_metadata"),
        ({"grant_types": []}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"grant_types": [REFRESH]}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
        ({"grant_types": [GRANT_TYPE], "response_types": ["code"]}, "invalid_client_metadata"),
        ({"redirect_uris": [BACK], "grant_types": [CODE], "response_types": []}, "invalid_client_metadata"),
        ({"redirect_uris": [BACK], "grant_types": [CODE], "response_types": ["token"]}, "invalid_client_metadata"),
        ({"redirect_uris": [BACK], "response_types": ["id_token"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "magic"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none", "jwks": JWKS}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt", "jwks": []}, "invalid_client_metadata"),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEY.jwk | {"d": "x"}]}},
            "invalid_client_metadata",
        ),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS, "jwks_uri": "https://app.example/keys"},
            "invalid_client_metadata",
        ),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://169.254.169.254/"},
            "invalid_client_metadata",
        ),
        *(
            ({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri}, "invalid_client_metadata")
            for uri in ("https://localhost/", "https://a.LocalHost./", "https://2130706433/", "https://127.1/keys")
        ),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://app.example/keys"},
            "invalid_client_metadata",
        ),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        ({"tls_client_auth_subject_dn": "CN=a", "token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
        ({"scope": "readings:write"}, "invalid_client_metadata"),
        ({"scope": "a  b"}, "invalid_client_metadata"),
        ({"client_name": 7}, "invalid_client_metadata"),
        ({"client_name": "x" * 3_000}, "invalid_client_metadata"),
        ({"dpop_bound_access_tokens": "yes"}, "invalid_client_metadata"),
        ({"software_statement": "nonsense"}, "invalid_software_statement"),
        ({"software_statement": 7}, "invalid_software_statement"),
        ({"software_statement": "eyJhbGciOiJub25lIn0.e30."}, "unapproved_software_statement"),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_reg_02_what_cannot_be_registered_is_named(house: RunningHouse, metadata: dict[str, Any], error: str) -> None:
    before = len(house.do(house.app.house.store.clients()))
    refused(register(house, everything(house), metadata), error)
    assert len(house.do(house.app.house.store.clients())) == before


@pytest.mark.parametrize(
    "metadata",
    [
        {"grant_types": [CODE], "redirect_uris": [BACK]},
        {"redirect_uris": [BACK]},
        {"grant_types": ["client_credentials"]},
        {"token_endpoint_auth_method": "client_secret_basic"},
    ],
    ids=repr,
)
def test_reg_02_a_token_for_devices_registers_devices_alone(house: RunningHouse, metadata: dict[str, Any]) -> None:
    answer = register(house, initial_token(house), metadata)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


def test_reg_02_a_tv_never_gets_the_code_flow_by_saying_nothing(house: RunningHouse) -> None:
    mine = registered(house, everything(house), {"token_endpoint_auth_method": "none"})
    assert mine["grant_types"] == [GRANT_TYPE, REFRESH]
    only = registered(house, initial_token(house), {"grant_types": [GRANT_TYPE]})
    assert only["grant_types"] == [GRANT_TYPE]
    assert "refresh_token" not in house.sign_in(client_id=only["client_id"])
    app = registered(house, everything(house), {"redirect_uris": [BACK]})
    assert (app["grant_types"], app["response_types"]) == ([CODE], ["code"])


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"scope": "profile", "scope": "openid"}', "application/json", 400),
        (b"[" * 20_000, "application/json", 400),
        (b'{"client_name": "' + b"x" * 40_000 + b'"}', "application/json", 413),
        (b"a=b", "application/x-www-form-urlencoded", 415),
    ],
)
def test_reg_02_what_is_no_metadata_is_refused(house: RunningHouse, body: bytes, kind: str, status: int) -> None:
    headers = bearer(initial_token(house)) | {"content-type": kind}
    answer = house.web.post(house.address + "/register", body, headers=headers, timeout=40)
    refused(answer, "invalid_request", status)


def test_reg_03_a_client_changes_its_own_entry_and_what_it_leaves_out_is_gone(house: RunningHouse) -> None:
    mine = registered(house, initial_token(house), {"client_name": "Hall", "dpop_bound_access_tokens": True})
    said = update(mine, client_name="Kitchen", dpop_bound_access_tokens=None, scope="profile")
    after = not_kept(entry(house, mine, "PUT", json=said)).json()
    assert (after["client_name"], after["dpop_bound_access_tokens"], after["scope"]) == ("Kitchen", False, "profile")
    assert after["client_id_issued_at"] == mine["client_id_issued_at"]
    assert entry(house, mine).json() == after
    assert entry(house, mine, "PUT", json={"client_id": mine["client_id"]}).json()["client_name"] == mine["client_id"]


def test_reg_03_an_entry_opens_to_its_own_token_alone(house: RunningHouse) -> None:
    mine, other = (registered(house, initial_token(house), {}) for _ in range(2))
    for method in ("GET", "PUT", "DELETE"):
        for token in (other["registration_access_token"], draw(), mine["client_id"]):
            refused(entry(house, mine, method, json=update(mine), token=token), "invalid_token", 401)
    for name in ("nobody", "tv", "%00", "a%20b"):
        gone = mine | {"registration_client_uri": f"{house.issuer}/register/{name}"}
        refused(entry(house, gone), "invalid_token", 401)
    assert entry(house, mine).json() == mine
    assert entry(house, mine, "POST", json={}).status_code == 405


def test_reg_03_neither_id_nor_secret_nor_more_rights_can_be_chosen(house: RunningHouse) -> None:
    token = initial_token(house, methods=("none", "client_secret_basic"))
    mine = registered(house, token, {"token_endpoint_auth_method": "client_secret_basic"})
    for more in (
        {"client_id": "tv"},
        {"client_id": None},
        {"client_secret": "of my own, which is very long and very secret"},
        {"grant_types": [CODE], "redirect_uris": [BACK]},
        {"scope": "profile readings:write"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS},
        {"software_statement": "a.b.c"},
    ):
        assert entry(house, mine, "PUT", json=update(mine, **more)).status_code == 400, more
    for name in ("client_id_issued_at", "registration_access_token"):
        refused(entry(house, mine, "PUT", json=update(mine) | {name: mine[name]}), "invalid_client_metadata")
    same = entry(house, mine, "PUT", json=update(mine))
    assert same.status_code == 200, "its own secret may be said"
    assert "client_secret" not in same.json()
    auth = (mine["client_id"], mine["client_secret"])
    assert house.post("/device_authorization", {"scope": "profile"}, auth=auth).status_code == 200


def test_reg_03_a_secret_comes_and_goes_with_the_method(house: RunningHouse) -> None:
    token = initial_token(house, methods=("none", "client_secret_basic"))
    mine = registered(house, token, {"token_endpoint_auth_method": "none"})
    keeps = entry(house, mine, "PUT", json=update(mine, token_endpoint_auth_method="client_secret_basic")).json()
    assert keeps["client_secret_expires_at"] == 0
    auth = (mine["client_id"], keeps["client_secret"])
    assert house.post("/device_authorization", {"scope": "profile"}, auth=auth).status_code == 200
    entry(house, mine, "PUT", json=update(mine))
    assert house.post("/device_authorization", {"scope": "profile"}, auth=auth).status_code == 401
    assert house.post("/device_authorization", {"client_id": mine["client_id"]}).status_code == 200


def test_reg_03_a_disabled_client_may_not_touch_its_entry(house: RunningHouse) -> None:
    mine = registered(house, initial_token(house), {})
    store = house.app.house.store
    client = house.do(store.find_client(mine["client_id"]))
    assert client is not None
    house.do(store.change_client(replace(client, is_enabled=False)))
    for method in ("GET", "PUT", "DELETE"):
        refused(entry(house, mine, method, json=update(mine)), "access_denied", 403)


def test_reg_04_a_deleted_client_is_gone_with_all_it_had(house: RunningHouse) -> None:
    mine = registered(house, initial_token(house), {})
    name = mine["client_id"]
    tokens, approved, pending = house.sign_in(client_id=name), house.begin(name), house.begin(name)
    house.phone().approve(approved)
    answer = entry(house, mine, "DELETE")
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (204, b"", "no-store")
    for method in ("GET", "PUT", "DELETE"):
        refused(entry(house, mine, method, json=update(mine)), "invalid_token", 401)
    refused(house.post("/device_authorization", {"client_id": name}), "invalid_client", 401)
    for started in (approved, pending):
        refused(house.poll(started, name), "invalid_client", 401)
    refused(house.refresh(tokens, name), "invalid_client", 401)
    assert house.me(tokens).status_code == 401
    page = Phone(house, "ben").open(pending)
    assert "decision" not in page.text.partition("<main")[2].partition("</main>")[0]
    assert 'value="approve"' not in page.text


def test_reg_04_introspection_knows_nothing_of_what_a_deleted_client_had(house: RunningHouse) -> None:
    house.add_client("api", secret="secret-of-an-api-of-forty-characters-xxx", may_introspect=True, resource="")
    auth = ("api", "secret-of-an-api-of-forty-characters-xxx")
    mine = registered(house, initial_token(house), {})
    tokens = house.sign_in(client_id=mine["client_id"])
    assert house.post("/introspect", {"token": tokens["access_token"]}, auth=auth).json()["active"]
    entry(house, mine, "DELETE")
    for kind in ("access_token", "refresh_token"):
        assert house.post("/introspect", {"token": tokens[kind]}, auth=auth).json() == {"active": False}


def test_what_a_client_calls_itself_is_never_shown_as_known(house: RunningHouse) -> None:
    claimed = {"client_name": "Aurora TV", "token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS}
    mine = registered(house, initial_token(house), claimed)
    house.add_client("own", secret="secret-of-an-app-of-forty-characters-xxx")
    proven = house.post(
        "/device_authorization", {"scope": "profile"}, auth=("own", "secret-of-an-app-of-forty-characters-xxx")
    ).json()
    assert "Known to Porchlight" in Phone(house).open(proven).text
    started = house.post("/device_authorization", assertion(house, mine["client_id"])).json()
    page = Phone(house).open(started)
    assert "Aurora TV" in page.text
    assert "Known to Porchlight" not in page.text


def test_an_app_that_registered_itself_is_not_shown_as_known_either(house: RunningHouse) -> None:
    mine = registered(house, everything(house), {"client_name": "Wall", "redirect_uris": [BACK], "scope": "profile"})
    web = Phone(house).web
    app = App(house, mine["client_id"], BACK)
    house.add_client("web", grants=(CODE,), redirect_uris=(BACK,))
    page = app.ask(web, scope="profile")
    signed_in = Phone(house)
    signed_in.web = web
    page = signed_in.submit(page, username="ana", password=PASSWORD)
    assert "Wall" in page.text
    assert "Known to Porchlight" not in page.text
    assert "Known to Porchlight" in App(house, "web", BACK).ask(web, scope="profile").text


def test_reg_01_where_a_client_wants_to_hear_from_us_is_registered(house: RunningHouse) -> None:
    asked: dict[str, Any] = {
        "grant_types": [CIBA, CODE],
        "redirect_uris": [BACK],
        "token_endpoint_auth_method": "client_secret_basic",
        "backchannel_token_delivery_mode": "ping",
        "backchannel_client_notification_endpoint": "https://app.example/ping",
        "backchannel_logout_uri": "https://app.example/out",
        "post_logout_redirect_uris": ["https://app.example/bye"],
    }
    mine = registered(house, everything(house), asked)
    assert {name: mine[name] for name in asked} == asked
    for wrong in (
        {"backchannel_token_delivery_mode": "poll"},
        {"backchannel_client_notification_endpoint": "https://127.0.0.1/ping"},
        {"backchannel_logout_uri": "https://10.0.0.1/out"},
        {"backchannel_logout_uri": "com.app.example:/out"},
        {"post_logout_redirect_uris": ["http://app.example/bye"]},
        {"token_endpoint_auth_method": "none"},
    ):
        refused(register(house, everything(house), asked | wrong), "invalid_client_metadata")


def assertion(house: RunningHouse, client_id: str) -> dict[str, str]:
    now = house.clock() // 1_000
    said = {"iss": client_id, "sub": client_id, "aud": house.issuer, "exp": now + 60, "iat": now, "jti": draw_id()}
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": jwt.encode(said, KEY.private, "ES256")}
