"""`iss` in every answer of the authorization endpoint (RFC 9207)."""

import pytest

from tests.conformance.app import App, came_back, decide
from tests.conformance.test_bcp_code import house, phone
from tests.house import Phone, RunningHouse, browser

__all__ = ["house", "phone"]


@pytest.mark.parametrize("more", [{"scope": "nothing"}, {"response_type": "token"}, {"prompt": "none"}])
def test_iss_01_errors_carry_it(house: RunningHouse, more: dict[str, str]) -> None:
    answer = came_back(App(house).ask(browser(), **more))
    assert "error" in answer
    assert answer["iss"] == house.issuer


def test_iss_01_success_and_no_carry_it_and_the_metadata_says_so(house: RunningHouse, phone: Phone) -> None:
    metadata = house.get("/.well-known/oauth-authorization-server").json()
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert App(house).approved(phone)["iss"] == metadata["issuer"]
    assert came_back(decide(phone, App(house).ask(phone.web), "deny"))["iss"] == metadata["issuer"]
