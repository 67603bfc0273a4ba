"""The law of registration: whatever somebody sends, a client within its permit comes out, or a refusal by name."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.oauth.client import Client
from server.oauth.client_metadata import (
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidSoftwareStatement,
    UnapprovedSoftwareStatement,
)
from server.oauth.device import GRANT_TYPE
from server.oauth.registered import Permit, Registration
from server.oauth.registration import DEVICES_ONLY, METHODS, asked_client, described, tidy_name, updated

CODE, REFRESH, CIBA = "authorization_code", "refresh_token", "urn:openid:params:grant-type:ciba"
GRANTS = (GRANT_TYPE, CODE, REFRESH, "implicit", "client_credentials", CIBA)
SCOPES = ("profile", "readings:read")
REFUSALS = (InvalidClientMetadata, InvalidRedirectUri, InvalidSoftwareStatement, UnapprovedSoftwareStatement)
JWKS = {"keys": [{"kty": "EC"}]}

junk = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=4), max_size=3)
member = {
    "grant_types": st.lists(st.sampled_from((*GRANTS, "password")), max_size=4),
    "response_types": st.lists(st.sampled_from(("code", "id_token", "token")), max_size=2),
    "redirect_uris": st.lists(st.sampled_from(("https://a.example/", "http://a.example/", "x")), max_size=2),
    "token_endpoint_auth_method": st.sampled_from((*METHODS, "magic")),
    "scope": st.sampled_from(("profile", "profile readings:read", "readings:write", "")),
    "jwks": st.just(JWKS),
    "jwks_uri": st.just("https://a.example/keys"),
    "client_name": st.text(max_size=80),
    "tls_client_auth_subject_dn": st.just("CN=a"),
    "tls_client_certificate_bound_access_tokens": st.booleans(),
    "backchannel_token_delivery_mode": st.sampled_from(("poll", "ping", "push", "x")),
    "backchannel_client_notification_endpoint": st.just("https://a.example/cb"),
    "software_statement": st.sampled_from(("a.b.c", "x")),
}
metadata = st.fixed_dictionaries({}, optional={name: values | junk for name, values in member.items()})
permits = st.builds(
    Permit,
    st.lists(st.sampled_from(GRANTS), unique=True).map(tuple),
    st.lists(st.sampled_from(tuple(METHODS)), unique=True).map(tuple),
    st.sampled_from(((), SCOPES, SCOPES[:1])),
)


def ask(said: dict[str, Any], permit: Permit) -> Client:
    return asked_client(said, permit, client_id="c-1", created_at=1_000, tidy_dn=lambda text: text).client


@settings(max_examples=400)
@given(metadata, permits)
def test_nobody_gets_more_than_the_permit(said: dict[str, Any], permit: Permit) -> None:
    try:
        method, client = asked_client(said, permit, client_id="c-1", created_at=1_000, tidy_dn=lambda text: text)
    except REFUSALS:
        return
    assert {*client.grants} <= {*permit.grants}
    assert {*client.scopes} <= {*permit.scopes}
    assert method in permit.methods
    assert (client.is_claimed, client.secret_hash, client.may_introspect, client.audiences) == (True, None, False, ())
    assert bool(client.redirect_uris) == bool({CODE, "implicit"} & {*client.grants})
    if "grant_types" not in said and "redirect_uris" not in said:
        assert not {CODE, "implicit"} & {*client.grants}
    if client.auth_method == "none":
        assert not {"client_credentials", CIBA} & {*client.grants}
    registration = Registration("c-1", bytes(32), "t", method, *permit)
    again = {name: value for name, value in described(client, registration).items() if name != "client_id_issued_at"}
    assert ask(again, permit) == client, "what is said to be registered registers the same"
    assert updated(client, client) == client


@pytest.mark.parametrize("name", member)
def test_what_is_of_another_kind_is_refused_and_null_counts_as_absent(name: str) -> None:
    keyed = {"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS}
    for value in (7, [7], [""], "x\0y"):
        with pytest.raises(REFUSALS):
            ask(keyed | {name: value}, DEVICES_ONLY)
    if name not in keyed:
        assert ask(keyed | {name: None}, DEVICES_ONLY) == ask(keyed, DEVICES_ONLY)


def test_what_the_operator_decided_outlives_an_update() -> None:
    decided = replace(ask({}, DEVICES_ONLY), audiences=("a",), may_introspect=True, is_for_known_devices=True)
    after = updated(decided, ask({"client_name": "New"}, DEVICES_ONLY))
    assert after == replace(decided, name="New")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Hall TV", "Hall TV"),
        (" a \n\t b ", "a b"),
        ("evil\u202egnp.exe", "evil gnp.exe"),
        ("\u200b\u2066\x00", ""),
        ("e\u0301", "é"),
        ("x" * 100, "x" * 60),
        ("\ue000\U000e0001x", "x"),
    ],
)
def test_a_name_is_one_short_line_that_steers_nothing(said: str, kept: str) -> None:
    assert tidy_name(said) == kept
