"""Backchannel authentication by poll: the request, who may make it and about whom, the state table (CIBA Core)."""

import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from server.endpoints.client_auth import ASSERTION_TYPE
from server.oauth.backchannel import GRANT_TYPE
from server.oauth.backchannel_client import check_delivery
from server.oauth.client import Client
from server.oauth.errors import InvalidRequest
from tests.conformance.backchannel import (
    GRANTS,
    JWKS,
    OTHER,
    SCOPES,
    App,
    add_app,
    answer,
    inbox,
    links,
    look,
    signed,
    somebody,
)
from tests.conformance.test_oidc import read
from tests.conformance.wire import StoppedClock, at_once, refused, tokens
from tests.dpop import Key
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """`till` and `other` poll, `signer` has a key, `careful` must know a code, `strict` signs with ES256."""
    with open_house(tmp_path_factory.mktemp("ciba"), clock=StoppedClock(), prompts_per_hour=100) as running:
        furnish(running)
        for client_id in ("till", "other"):
            add_app(running, client_id)
        keyed: dict[str, Any] = {"secret": "", "auth_method": "private_key_jwt", "jwks": JWKS}
        add_app(running, "signer", **keyed)
        add_app(running, "strict", **keyed, backchannel_authentication_request_signing_alg="EdDSA")
        add_app(running, "careful", backchannel_user_code_parameter=True)
        add_app(running, "bound", is_dpop_bound=True)
        add_app(running, "open", secret="")
        running.add_client("plain", secret=SECRET)
        yield running


@pytest.fixture
def till(house: RunningHouse) -> App:
    return App(house)


@pytest.fixture
def person(house: RunningHouse) -> Iterator[Phone]:
    phone = somebody(house)
    yield phone
    phone.web.close()


def ask_signed(house: RunningHouse, request: str, client_id: str = "signer", **more: str) -> Any:
    """A signed request of a client that authenticates with its key."""
    proof = signed(house, iss=client_id, sub=client_id)
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": proof, "request": request}
    return house.post("/bc-authorize", form | more)


def test_ciba_01_the_metadata_says_where_and_how(house: RunningHouse) -> None:
    for path in ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"):
        document = house.get(path).json()
        assert document["backchannel_authentication_endpoint"] == house.issuer + "/bc-authorize"
        assert document["backchannel_token_delivery_modes_supported"] == ["poll", "ping", "push"]
        assert GRANT_TYPE in document["grant_types_supported"]
        assert "ES256" in document["backchannel_authentication_request_signing_alg_values_supported"]
        assert document["backchannel_user_code_parameter_supported"] is True


@pytest.mark.parametrize(
    "fields",
    [
        {"backchannel_token_delivery_mode": ""},
        {"backchannel_token_delivery_mode": "poll ping"},
        {"backchannel_token_delivery_mode": "ping"},
        {"backchannel_client_notification_endpoint": "https://app.example/hear"},
        {"backchannel_authentication_request_signing_alg": "HS256"},
        {"auth_method": "none"},
        {"grants": ("refresh_token",)},
    ],
)
def test_ciba_01_a_client_has_exactly_one_mode_and_what_goes_with_it(fields: dict[str, Any]) -> None:
    good: dict[str, Any] = {"auth_method": "client_secret", "backchannel_token_delivery_mode": "poll", "grants": GRANTS}
    check_delivery(Client("till", "Till", scopes=SCOPES, created_at=0, **good))
    with pytest.raises(InvalidRequest):
        check_delivery(Client("till", "Till", scopes=SCOPES, created_at=0, **(good | fields)))


def test_ciba_02_only_clients_that_authenticate(house: RunningHouse, person: Phone) -> None:
    form = {"scope": "openid", "login_hint": person.username}
    refused(house.post("/bc-authorize", form | {"client_id": "open"}), "unauthorized_client")
    refused(house.post("/bc-authorize", form | {"client_id": "till"}), "invalid_client", 401)
    refused(house.post("/bc-authorize", form, auth=("till", "wrong" * 8)), "invalid_client", 401)
    assert links(person) == []


def test_ciba_03_openid_is_asked_for(till: App, person: Phone) -> None:
    refused(till.ask(person, scope=None), "invalid_request")
    for scope in ("profile", "openid readings:write", "openid  profile"):
        refused(till.ask(person, scope=scope), "invalid_scope")
    assert till.begin(person, scope="openid")


def test_ciba_04_exactly_one_hint(house: RunningHouse, till: App, person: Phone) -> None:
    refused(till.ask(), "invalid_request")
    refused(till.ask(person, id_token_hint="x"), "invalid_request")
    refused(till.ask(person, login_hint_token="x"), "invalid_request")
    refused(till.ask(login_hint_token="x"), "invalid_request")
    refused(till.ask(login_hint=""), "invalid_request")


def test_ciba_04_an_id_token_of_ours_is_a_hint_even_when_it_has_expired(
    house: RunningHouse, till: App, person: Phone
) -> None:
    begun = till.begin(person)
    answer(person)
    got = tokens(till.poll(begun))
    hint = got["id_token"]
    house.clock.advance(7_200)
    again = till.begin(None, id_token_hint=hint)  # type: ignore[arg-type]
    assert len(links(person)) == 1
    answer(person, "deny")
    refused(till.poll(again), "access_denied")
    refused(App(house, "other").ask(id_token_hint=hint), "invalid_request")
    refused(till.ask(id_token_hint=hint[:-8] + "AAAAAAAA"), "invalid_request")
    refused(till.ask(id_token_hint=got["access_token"]), "invalid_request")


def test_ciba_04_a_hint_token_is_signed_by_the_client(house: RunningHouse, person: Phone) -> None:
    def ask(**claims: Any) -> Any:
        key = claims.pop("key", None)
        more = {"key": key} if key is not None else {}
        token = signed(house, login_hint=claims.pop("login_hint", person.username), **more, **claims)
        proof = signed(house, sub="signer")
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": proof, "scope": "openid"}
        return house.post("/bc-authorize", form | {"login_hint_token": token})

    refused(ask(exp=house.clock() // 1_000 - 1), "expired_login_hint_token")
    refused(ask(key=OTHER), "invalid_request")
    refused(ask(aud="https://elsewhere.example"), "invalid_request")
    refused(ask(iss="till"), "invalid_request")
    refused(ask(sub="account-ana"), "invalid_request")
    refused(ask(login_hint="nobody"), "unknown_user_id")
    assert ask(login_hint=None, sub=f"account-{person.username}").status_code == 200
    assert len(links(person)) == 1


def test_ciba_05_a_signed_request_counts_and_nothing_beside_it(house: RunningHouse, person: Phone) -> None:
    inside = {"scope": "openid", "login_hint": person.username, "binding_message": "W4SCT", "requested_expiry": 120}
    refused(ask_signed(house, signed(house, **inside), binding_message="other"), "invalid_request")
    begun = ask_signed(house, signed(house, **inside))
    assert (begun.status_code, begun.json()["expires_in"]) == (200, 120)
    assert "W4SCT" in inbox(person).text


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example"}, {"iss": "till"}, {"exp": None}, {"iat": None}, {"nbf": None},
        {"jti": None}, {"scope": ["openid"]}, {"aud": None}, {"iss": None}, {"requested_expiry": True},
    ],
)  # fmt: skip
def test_ciba_05_a_signed_request_is_for_us_by_them_and_for_now(
    house: RunningHouse, person: Phone, claims: dict[str, Any]
) -> None:
    inside = {"scope": "openid", "login_hint": person.username} | claims
    refused(ask_signed(house, signed(house, **inside)), "invalid_request")
    assert links(person) == []


def test_ciba_05_it_is_asymmetric_unexpired_and_works_once(house: RunningHouse, person: Phone) -> None:
    now, inside = house.clock() // 1_000, {"scope": "openid", "login_hint": person.username}
    for times in ({"exp": now}, {"exp": now + 7_200}, {"nbf": now + 60}, {"iat": now + 60}):
        refused(ask_signed(house, signed(house, **inside, **times)), "invalid_request")
    refused(ask_signed(house, signed(house, "k" * 32, "HS256", **inside)), "invalid_request")
    refused(ask_signed(house, signed(house, OTHER, **inside)), "invalid_request")
    refused(ask_signed(house, "not.a.jwt"), "invalid_request")
    request = signed(house, **inside)
    assert ask_signed(house, request).status_code == 200
    answer(person, "deny")
    refused(ask_signed(house, request), "invalid_request")
    refused(App(house).ask(request=request, scope=None), "invalid_request")


def test_ciba_05_who_is_registered_to_sign_signs_with_that_algorithm(house: RunningHouse, person: Phone) -> None:
    inside = {"scope": "openid", "login_hint": person.username}
    proof = {"client_assertion_type": ASSERTION_TYPE}
    form = proof | {"client_assertion": signed(house, iss="strict", sub="strict")} | inside
    refused(house.post("/bc-authorize", form), "invalid_request")
    refused(ask_signed(house, signed(house, iss="strict", **inside), "strict"), "invalid_request")
    refused(App(house).ask(person, request_uri="https://app.example/r"), "request_uri_not_supported")


def test_ciba_06_the_message_is_shown_as_it_was_written(till: App, person: Phone) -> None:
    till.begin(person, binding_message="<b>KOALA</b> \u202f7 שלום")
    page = look(person).text
    assert "&lt;b&gt;KOALA&lt;/b&gt; \u202f7 שלום" in page
    assert "<b>KOALA" not in page


@pytest.mark.parametrize("text", ["x" * 101, "x" * 5_000, "a\nb", "a\u202eb", "a\u2066b", "\x07", "   ", "a\u200bb"])
def test_ciba_06_a_message_that_cannot_be_shown_is_refused(till: App, person: Phone, text: str) -> None:
    refused(till.ask(person, binding_message=text), "invalid_binding_message")
    assert links(person) == []


def test_ciba_06_a_person_may_demand_a_code(house: RunningHouse, till: App, person: Phone) -> None:
    careful = App(house, "careful")
    refused(careful.ask(person), "missing_user_code")
    refused(careful.ask(person, user_code="2468"), "invalid_user_code")
    assert person.submit(inbox(person), request_code="123").status_code == 400
    assert "Only apps that you told your code may ask you" in person.submit(inbox(person), request_code="2468").text
    for app in (careful, till):
        refused(app.ask(person), "missing_user_code")
        refused(app.ask(person, user_code="2469"), "invalid_user_code")
        assert app.ask(person, user_code="2468").status_code == 200
    assert len(links(person)) == 2
    person.submit(inbox(person), drop="1")
    assert "Any app that knows your name" in inbox(person).text


def test_ciba_06_wrong_codes_are_counted(house: RunningHouse, till: App, person: Phone) -> None:
    person.submit(inbox(person), request_code="2468")
    for _ in range(10):
        refused(till.ask(person, user_code="0000"), "invalid_user_code")
    late = refused(till.ask(person, user_code="2468"), "temporarily_unavailable", 429)
    assert int(late.headers["retry-after"]) > 0
    assert App(house, "other").ask(person, user_code="2468").status_code == 200, "the fault of one is not another's"


def test_ciba_08_the_answer_is_opaque_and_says_how_long(till: App, person: Phone) -> None:
    begun = till.begin(person)
    assert begun.keys() == {"auth_req_id", "expires_in", "interval"}
    assert re.fullmatch(r"[A-Za-z0-9._-]{43,}", begun["auth_req_id"])
    assert (begun["expires_in"], begun["interval"]) == (300, 5)


@pytest.mark.parametrize(("asked", "given"), [("120", 120), ("1", 30), ("99999", 1_800)])
def test_ciba_08_the_expiry_asked_for_is_kept_within_bounds(till: App, person: Phone, asked: str, given: int) -> None:
    assert till.begin(person, requested_expiry=asked)["expires_in"] == given


@pytest.mark.parametrize("asked", ["0", "-5", "1.5", "soon", "٣"])
def test_ciba_08_an_expiry_that_is_no_number_is_refused(till: App, person: Phone, asked: str) -> None:
    refused(till.ask(person, requested_expiry=asked), "invalid_request")


def test_ciba_09_a_person_approves_and_the_app_has_tokens_once(house: RunningHouse, till: App, person: Phone) -> None:
    begun = till.begin(person, scope="openid profile readings:read")
    refused(till.poll(begun), "authorization_pending")
    answer(person, leave_out="readings:read")
    got = tokens(till.poll(begun))
    assert got["scope"] == "openid profile"
    claims = read(house, got["id_token"], "till")
    assert (claims["sub"], claims["amr"]) == (f"account-{person.username}", ["pwd"])
    assert house.me(got).status_code == 200
    fresh = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"]}
    assert house.post("/token", fresh, auth=("till", SECRET)).status_code == 200
    refused(till.poll(begun), "invalid_grant")


def test_ciba_09_a_foreign_or_unknown_id_is_no_grant(house: RunningHouse, till: App, person: Phone) -> None:
    begun = till.begin(person)
    answer(person)
    refused(App(house, "other").poll(begun), "invalid_grant")
    refused(till.poll({"auth_req_id": secrets.token_urlsafe(32)}), "invalid_grant")
    device = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun["auth_req_id"]}
    refused(house.post("/token", device, auth=("backend", SECRET)), "invalid_grant")
    started = house.begin()
    refused(till.poll({"auth_req_id": started["device_code"]}), "invalid_grant")
    assert tokens(till.poll(begun))


def test_ciba_09_no_is_final_and_so_is_expiry(house: RunningHouse, till: App, person: Phone) -> None:
    begun = till.begin(person)
    answer(person, "deny")
    refused(till.poll(begun), "access_denied")
    late = till.begin(person)
    page = look(person)
    house.clock.advance(300)
    refused(till.poll(late), "expired_token")
    assert person.submit(page, decision="approve").status_code == 410
    refused(till.poll(late), "expired_token")
    approved = till.begin(person)
    answer(person)
    house.clock.advance(300)
    refused(till.poll(approved), "expired_token")


def test_ciba_09_impatience_costs_five_seconds_each_time(house: RunningHouse, till: App, person: Phone) -> None:
    begun = till.begin(person)
    refused(till.poll(begun), "authorization_pending")
    assert refused(till.poll(begun), "slow_down").json()["interval"] == 10
    assert refused(till.poll(begun), "slow_down").json()["interval"] == 15
    house.clock.advance(15)
    refused(till.poll(begun), "authorization_pending")
    answer(person)
    assert tokens(till.poll(begun)), "what is settled is always collectable"


def test_ciba_09_a_held_request_is_answered_when_the_person_answers(till: App, person: Phone) -> None:
    begun = till.begin(person)
    page = look(person)
    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(till.poll, begun, headers={"Prefer": "wait=20"})
        assert not held.done()
        person.submit(page, decision="approve")
        got = held.result(20)
    assert got.headers["preference-applied"] == "wait=20"
    assert tokens(got)


def test_ciba_09_of_fifty_redemptions_at_once_one_buys_tokens(till: App, person: Phone) -> None:
    begun = till.begin(person)
    answer(person)
    answers = at_once(lambda web, _: till.poll(begun, web), 50)
    assert sorted(each.status_code for each in answers) == [200] + [400] * 49
    assert {each.json()["error"] for each in answers if each.status_code == 400} == {"invalid_grant"}


def test_ciba_09_a_key_that_asked_is_the_key_that_collects(house: RunningHouse, person: Phone) -> None:
    key, other = Key(), Key()

    def headers(by: Key, path: str) -> dict[str, str]:
        return {"DPoP": by.proof("POST", house.issuer + path, house.clock())}

    form = {"scope": "openid", "login_hint": person.username}
    refused(house.post("/bc-authorize", form, auth=("bound", SECRET)), "invalid_dpop_proof")
    begun = house.post("/bc-authorize", form, auth=("bound", SECRET), headers=headers(key, "/bc-authorize")).json()
    answer(person)
    app = App(house, "bound")
    refused(app.poll(begun, headers=headers(other, "/token")), "invalid_grant")
    assert tokens(app.poll(begun, headers=headers(key, "/token")))["token_type"] == "DPoP"


def test_ciba_13_each_error_has_its_name(house: RunningHouse, till: App, person: Phone) -> None:
    refused(till.ask(login_hint="nobody"), "unknown_user_id")
    refused(App(house, "plain").ask(person), "unauthorized_client")
    refused(App(house, "nobody").ask(person), "invalid_client", 401)
    till.begin(person)
    answer(person, "not_me")
    refused(till.ask(person), "access_denied", 403)


def test_ciba_13_strangers_are_counted_and_take_as_long_as_friends(house: RunningHouse) -> None:
    add_app(house, "curious")
    app = App(house, "curious")
    known = app.ask(somebody(house))
    for number in range(30):
        unknown = refused(app.ask(login_hint=f"nobody-{number}"), "unknown_user_id")
        assert unknown.elapsed.total_seconds() >= 0.14
    assert known.elapsed.total_seconds() >= 0.14
    assert int(refused(app.ask(login_hint="x"), "temporarily_unavailable", 429).headers["retry-after"]) > 0


def test_xd_17_nobody_decides_but_whom_it_was_made_for_signed_in_before(
    house: RunningHouse, till: App, person: Phone
) -> None:
    begun = till.begin(person, binding_message="KOALA 7")
    (link,) = links(person)
    other = somebody(house)
    assert links(other) == []
    assert other.web.get(house.address + link, timeout=40).status_code == 404
    page = look(person)
    token = re.search(r'name="form_token" value="([^"]+)"', inbox(other).text)
    assert token is not None
    form = {"decision": "approve", "form_token": token[1]}
    stolen = other.web.post(house.address + link, form, headers={"Origin": house.address}, timeout=40)
    assert stolen.status_code == 404
    assert "KOALA" not in stolen.text
    refused(till.poll(begun), "authorization_pending")
    assert "/sign-in" in Phone(house).web.get(house.address + link, timeout=40).url
    assert person.submit(page, decision="approve").status_code == 200
    assert tokens(till.poll(begun))
