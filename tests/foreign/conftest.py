"""One house that speaks TLS as it would in the open, with every kind of client, and a phone that is signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.oauth.device import GRANT_TYPE
from tests.certificate import certificate
from tests.conformance.app import BACK, GRANTS
from tests.conformance.wire import StoppedClock
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house

SCOPES = ("openid", "profile", "readings:read")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The certificate that whoever comes must trust."""
    return str(certificate(tmp_path_factory.mktemp("tls") / "house.pem"))


@pytest.fixture(scope="module")
def house(pem: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """`tv` (public device), `backend` (may introspect), `web` (public app), `site` (confidential, also a back end)."""
    folder: Path = tmp_path_factory.mktemp("house")
    with open_house(folder, clock=StoppedClock(), tls_cert=pem, tls_key=pem) as running:
        running.web.verify = pem
        furnish(running)
        app = {"name": "Photo wall", "scopes": SCOPES, "redirect_uris": (BACK,)}
        running.add_client("web", grants=GRANTS, **app)
        running.add_client("site", secret=SECRET, grants=(*GRANTS, "client_credentials"), **app)
        running.add_client("wall", secret=SECRET, name="Wall", grants=(GRANT_TYPE, "refresh_token"))
        yield running


@pytest.fixture(scope="module")
def ana(house: RunningHouse) -> Phone:
    """Ana's phone, signed in."""
    phone = Phone(house, "ana")
    phone.open(house.begin())
    return phone
