"""Proof Key for Code Exchange: S256, of every client (RFC 7636, RFC 9700 section 2.1.1)."""

import pytest

from tests.conformance.app import App, came_back, challenge_of
from tests.conformance.test_bcp_code import house, phone
from tests.conformance.wire import refused, tokens
from tests.house import Phone, RunningHouse

__all__ = ["house", "phone"]


@pytest.mark.parametrize("client_id", ["web", "site"])
def test_bcp_03_every_client_must_send_a_challenge(house: RunningHouse, phone: Phone, client_id: str) -> None:
    answer = came_back(App(house, client_id).ask(phone.web, code_challenge=None, code_challenge_method=None))
    assert answer["error"] == "invalid_request"
    assert "code_challenge" in answer["error_description"]
    metadata = house.get("/.well-known/oauth-authorization-server").json()
    assert metadata["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.parametrize("method", ["plain", None, "s256", "S512"])
def test_pkce_01_only_s256_is_a_method(house: RunningHouse, phone: Phone, method: str | None) -> None:
    assert came_back(App(house).ask(phone.web, code_challenge_method=method))["error"] == "invalid_request"


@pytest.mark.parametrize("challenge", ["x" * 42, "x" * 44, "x" * 42 + "=", "x" * 42 + "+", "ü" * 43])
def test_pkce_01_a_challenge_has_43_characters(house: RunningHouse, phone: Phone, challenge: str) -> None:
    assert came_back(App(house).ask(phone.web, code_challenge=challenge))["error"] == "invalid_request"


@pytest.mark.parametrize("verifier", ["x" * 43, "x" * 128, "a-._~" * 9])
def test_pkce_01_a_verifier_has_43_to_128_characters(house: RunningHouse, phone: Phone, verifier: str) -> None:
    app = App(house, verifier=verifier)
    tokens(app.redeem(app.approved(phone)["code"]))


@pytest.mark.parametrize("verifier", ["x" * 42, "x" * 129, "x" * 42 + "=", "x" * 42 + " "])
def test_pkce_01_any_other_verifier_is_refused_though_its_hash_is_right(
    house: RunningHouse, phone: Phone, verifier: str
) -> None:
    app = App(house, verifier=verifier)
    refused(app.redeem(app.approved(phone)["code"]), "invalid_grant")


def test_bcp_04_a_wrong_missing_or_plain_verifier_is_refused(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    code = app.approved(phone)["code"]
    for verifier in (None, "x" * 43, challenge_of(app.verifier)):
        refused(app.redeem(code, code_verifier=verifier), "invalid_grant")
    tokens(app.redeem(code))
