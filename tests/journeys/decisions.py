"""Every flow in which something is decided, and the events that must tell of it: the table of `test_audit.py`."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import requests
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from server.oauth.device import GRANT_TYPE as DEVICE_CODE
from server.oauth.grants.token_exchange import ACCESS_TOKEN
from server.oauth.grants.token_exchange import GRANT_TYPE as EXCHANGE
from tests.conformance.app import App, decide
from tests.house import PASSWORD, SECRET, Phone, RunningHouse
from tests.waiting import wait_until

WRONG = "a-wrong-word-that-somebody-typed"
DRAWN: set[str] = {PASSWORD, SECRET, WRONG}  # what must stand in no event


class Found(NamedTuple):
    """What an event says of who did what; the address and the id of the request are looked at apart."""

    what: str
    actor: str
    client_id: str = ""
    account_id: str = ""
    detail: str = ""


def approve_and_collect(house: RunningHouse) -> None:
    house.sign_in()


def deny(house: RunningHouse) -> None:
    started = house.begin()
    house.phone().deny(started)
    assert house.poll(started).json()["error"] == "access_denied"


def only_wait(house: RunningHouse) -> None:
    started = house.begin()
    for _ in range(3):
        assert house.poll(started).status_code == 400


def refresh(house: RunningHouse) -> None:
    assert house.refresh(house.sign_in()).status_code == 200


def replay(house: RunningHouse) -> None:
    tokens = house.sign_in()
    house.refresh(tokens)
    assert house.refresh(tokens).json()["error"] == "invalid_grant"


def replay_twice(house: RunningHouse) -> None:
    tokens = house.sign_in()
    for _ in range(3):
        house.refresh(tokens)


def lose_an_answer(house: RunningHouse) -> None:
    tokens = _of_middle(house)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    one, other = (house.post("/token", form, auth=("middle", SECRET)).json()["refresh_token"] for _ in range(2))
    assert one == other


def _of_middle(house: RunningHouse) -> dict[str, Any]:
    started: dict[str, Any] = house.post("/device_authorization", {"scope": "profile"}, auth=("middle", SECRET)).json()
    house.phone().approve(started)
    form = {"grant_type": DEVICE_CODE, "device_code": started["device_code"]}
    tokens: dict[str, Any] = house.post("/token", form, auth=("middle", SECRET)).json()
    return tokens


def exchange(house: RunningHouse) -> None:
    token = house.sign_in()["access_token"]
    form = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    assert house.post("/token", form, auth=("middle", SECRET)).status_code == 200


def client_credentials(house: RunningHouse) -> None:
    assert house.post("/token", {"grant_type": "client_credentials"}, auth=("middle", SECRET)).status_code == 200


def code_flow(house: RunningHouse) -> None:
    App(house).sign_in(house.phone())


def code_replay(house: RunningHouse) -> None:
    app = App(house)
    code = app.approved(house.phone())["code"]
    DRAWN.add(code)
    assert app.redeem(code).status_code == 200
    assert [app.redeem(code).json()["error"] for _ in range(2)] == ["invalid_grant"] * 2


def code_denied(house: RunningHouse) -> None:
    phone = house.phone()
    decide(phone, App(house).ask(phone.web), "deny")


def never_asked(house: RunningHouse) -> None:
    App(house).ask(house.phone().web, prompt="none")


def revoke_twice(house: RunningHouse) -> None:
    tokens = house.sign_in()
    for _ in range(2):
        assert house.post("/revoke", {"token": tokens["refresh_token"], "client_id": "tv"}).status_code == 200


def sign_out_on_the_page(house: RunningHouse) -> None:
    house.sign_in("ben")
    page = house.phone("ben").web.get(house.address + "/devices", timeout=40)
    _press(house.phone("ben"), re.findall(r'action="(/devices/[^"/]+/sign-out)"', page.text)[0])


def take_back(house: RunningHouse) -> None:
    started = house.begin()
    page = house.phone().approve(started)
    assert house.poll(started).status_code == 200
    (action,) = re.findall(r'action="(/done/[^"]+/undo)"', page.text)
    DRAWN.add(action.split("/")[2])
    _press(house.phone(), action, page)


def _press(phone: Phone, action: str, page: requests.Response | None = None) -> None:
    """Send the form with this action, of this page or of the list of devices."""
    page = page or phone.web.get(phone.house.address + "/devices", timeout=40)
    text = page.text.partition(f'action="{action}"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    address = phone.house.address
    answer = phone.web.post(address + action, fields, headers={"Origin": address}, timeout=40)
    assert answer.status_code == 200, answer.text


def come_and_go(house: RunningHouse) -> None:
    phone = Phone(house, "ben")
    phone.open(house.begin())
    _press(phone, "/sign-out")


def wrong_password(house: RunningHouse) -> None:
    for username in ("ana", WRONG):
        page = house.phone("nobody").web.get(house.address + "/sign-in", timeout=40)
        assert "/sign-in" in Phone.submit(house.phone("nobody"), page, username=username, password=WRONG).url


def wrong_code(house: RunningHouse) -> None:
    phone = house.phone()
    page = phone.web.get(house.address + "/device", timeout=40)
    phone.submit(page, user_code="BCDF-GHJK")
    DRAWN.update(("BCDFGHJK", "BCDF-GHJK"))


def wrong_client(house: RunningHouse) -> None:
    for client_id in ("middle", WRONG):
        answer = house.post("/token", {"grant_type": "client_credentials"}, auth=(client_id, WRONG))
        assert answer.json()["error"] == "invalid_client"


def wrong_token(house: RunningHouse) -> None:
    assert house.refresh({"refresh_token": WRONG}).json()["error"] == "invalid_grant"


def wrong_proof(house: RunningHouse) -> None:
    form = {"client_id": "tv", "grant_type": DEVICE_CODE, "device_code": WRONG}
    assert house.post("/token", form, headers={"DPoP": WRONG}).json()["error"] == "invalid_dpop_proof"


def no_redirect_uri(house: RunningHouse) -> None:
    assert App(house, redirect_uri="https://evil.example/" + WRONG).ask(house.phone().web).status_code == 400


def knock_at_the_broker(house: RunningHouse) -> None:
    """One that was signed out, and a stranger."""
    tokens = house.sign_in()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    given = house.post("/mqtt/credentials", headers=bearer).json()
    house.post("/revoke", {"token": tokens["refresh_token"], "client_id": "tv"})
    for username, password in ((given["username"], given["password"]), (WRONG, WRONG)):
        client = PahoClient(CallbackAPIVersion.VERSION2, username, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(username, password)
        reasons: list[int] = []
        client.on_connect = lambda client, data, flags, reason, properties: reasons.append(reason.value)  # noqa: B023
        client.connect(given["host"], given["port"], 60)
        wait_until(lambda: client.loop(0.05) is not None and reasons)  # noqa: B023
        assert reasons == [0x87]


ANA, BEN = "account-ana", "account-ben"
APPROVED = Found("approved", "person", "tv", ANA, "device")
ISSUED = Found("issued", "client", "tv", ANA, "device code")
REFRESHED = Found("refreshed", "client", "tv", ANA)
REPLAYED = Found("replayed", "client", "tv", ANA, "refresh token")
OF_MIDDLE = (
    Found("approved", "person", "middle", ANA, "device"),
    Found("issued", "client", "middle", ANA, ISSUED.detail),
)
OF_WEB = (
    Found("approved", "person", "web", ANA, "app"),
    Found("issued", "client", "web", ANA, "authorization code"),
)
REVOKED = Found("revoked", "client", "tv", ANA, "revocation endpoint")


def refused(error: str, at: str, client_id: str = "") -> Found:
    return Found("refused", "stranger", client_id, detail=f"{error} at /{at}")


FLOWS: tuple[tuple[Callable[[RunningHouse], None], tuple[Found, ...]], ...] = (
    (approve_and_collect, (APPROVED, ISSUED)),
    (deny, (Found("denied", "person", "tv", ANA, "device"),)),
    (only_wait, ()),
    (refresh, (APPROVED, ISSUED, REFRESHED)),
    (replay, (APPROVED, ISSUED, REFRESHED, REPLAYED)),
    (replay_twice, (APPROVED, ISSUED, REFRESHED, REPLAYED, refused("invalid_grant", "token", "tv"))),
    (
        lose_an_answer,
        (*OF_MIDDLE, Found("refreshed", "client", "middle", ANA), Found("repeated", "client", "middle", ANA)),
    ),
    (exchange, (APPROVED, ISSUED, Found("issued", "client", "middle", ANA, "token exchange"))),
    (client_credentials, (Found("issued", "client", "middle", detail="client credentials"),)),
    (code_flow, OF_WEB),
    (
        code_replay,
        (
            *OF_WEB,
            Found("replayed", "client", "web", ANA, "authorization code"),
            refused("invalid_grant", "token", "web"),
        ),
    ),
    (code_denied, (Found("denied", "person", "web", ANA, "app"),)),
    (never_asked, (Found("denied", "house", "web", ANA, "app, without asking"),)),
    (revoke_twice, (APPROVED, ISSUED, REVOKED)),
    (
        sign_out_on_the_page,
        (
            APPROVED._replace(account_id=BEN),
            ISSUED._replace(account_id=BEN),
            Found("revoked", "person", "tv", BEN, "on the page"),
        ),
    ),
    (take_back, (APPROVED, ISSUED, Found("revoked", "person", "tv", ANA, "taken back"))),
    (
        come_and_go,
        (Found("signed_in", "person", account_id=BEN, detail="pwd"), Found("signed_out", "person", account_id=BEN)),
    ),
    (
        wrong_password,
        (
            Found("wrong_password", "stranger", account_id=ANA),
            Found("wrong_password", "stranger", detail="no such name"),
        ),
    ),
    (wrong_code, (Found("wrong_code", "stranger", account_id=ANA),)),
    (wrong_client, (refused("invalid_client", "token", "middle"), refused("invalid_client", "token"))),
    (wrong_token, (refused("invalid_grant", "token", "tv"),)),
    (wrong_proof, (refused("invalid_dpop_proof", "token", "tv"),)),
    (no_redirect_uri, (refused("invalid_request", "authorize", "web"),)),
    (
        knock_at_the_broker,
        (
            APPROVED,
            ISSUED,
            REVOKED,
            Found("refused", "stranger", "tv", ANA, "MQTT: the password must be a living access token"),
            Found("refused", "stranger", detail="MQTT: the password must be a living access token"),
        ),
    ),
)
