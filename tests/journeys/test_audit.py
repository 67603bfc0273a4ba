"""Every decision is one event that says who, what and from where, and no event holds a secret."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from server.oauth.device import GRANT_TYPE as DEVICE_CODE
from server.oauth.event import Event
from server.oauth.grants.token_exchange import ACCESS_TOKEN
from server.oauth.grants.token_exchange import GRANT_TYPE as EXCHANGE
from tests.commands.process import told as command
from tests.conformance.app import BACK, GRANTS, App, decide
from tests.house import PASSWORD, SECRET, Phone, RunningHouse, furnish, open_house
from tests.postgres import Cluster
from tests.waiting import wait_until

WRONG = "a-wrong-word-that-somebody-typed"
HERE = "127.0.0.1"
SAID = ("access_token", "refresh_token", "id_token", "device_code", "user_code")
_drawn: set[str] = {PASSWORD, SECRET, WRONG}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """A house whose secrets are all remembered, with apps for every flow; `ana` and `ben` are signed in."""
    folder, url = tmp_path_factory.mktemp("house"), ""
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgres")
        url = cluster.database()
    draw = secrets.token_urlsafe

    def remembered(size: int | None = None) -> str:
        text = draw(size)
        if size is None or size >= 32:
            _drawn.add(text)
        return text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_urlsafe", remembered)
        patch.setattr(requests.Response, "json", _remember_answers(requests.Response.json))
        with open_house(folder, database_url=url, mqtt_port=0) as running:
            _furnish(running)
            yield running


def _remember_answers(read: Callable[..., Any]) -> Callable[..., Any]:
    def reading(answer: requests.Response, **more: Any) -> Any:
        content = read(answer, **more)
        if isinstance(content, dict):
            _drawn.update(content[name] for name in SAID if name in content)
        return content

    return reading


def _furnish(house: RunningHouse) -> None:
    furnish(house)
    grants = (DEVICE_CODE, "refresh_token", "client_credentials", EXCHANGE)
    house.add_client("middle", secret=SECRET, grants=grants, scopes=("profile", "readings:read"))
    house.add_client("web", grants=GRANTS, scopes=("openid", "profile"), redirect_uris=(BACK,))
    for username in ("ana", "ben"):
        house.phone(username).open(house.begin())


class Found(NamedTuple):
    """What an event says of who did what; the address and the id of the request are looked at apart."""

    what: str
    actor: str
    client_id: str = ""
    account_id: str = ""
    detail: str = ""


def events(house: RunningHouse, after: int) -> list[Event]:
    """All events behind this number, when the refusals are written, too."""
    wait_until(lambda: house.app.house.refusals.is_settled)
    return [each.event for each in house.do(house.app.house.store.events_after(after, 1_000))]


def last(house: RunningHouse) -> int:
    wait_until(lambda: house.app.house.refusals.is_settled)
    return house.do(house.app.house.store.last_event())


def found(event: Event) -> Found:
    return Found(event.what, event.actor, event.client_id, event.account_id, event.detail)


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
    _drawn.add(code)
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
    _press(house.phone("ben"), page.text.partition('action="/devices/')[2].partition('"')[0].join(("/devices/", "")))


def _press(phone: Phone, action: str) -> None:
    page = phone.web.get(phone.house.address + "/devices", timeout=40)
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
    _drawn.update(("BCDFGHJK", "BCDF-GHJK"))


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
    (no_redirect_uri, (Found("refused", "stranger", "web", detail="invalid_request"),)),
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


@pytest.mark.parametrize(("act", "expected"), FLOWS, ids=[act.__name__ for act, _ in FLOWS])
def test_each_decision_is_one_event_with_who_what_and_where(
    house: RunningHouse, act: Callable[[RunningHouse], None], expected: tuple[Found, ...]
) -> None:
    begun = last(house)
    act(house)
    happened = events(house, begun)
    assert [found(event) for event in happened] == list(expected)
    for event in happened:
        assert event.address == HERE
        assert event.request_id or event.detail.startswith("MQTT"), event
        assert bool(event.device_id and event.family_id) or event.detail != ISSUED.detail, event
    _hold_no_secret(house)


def _hold_no_secret(house: RunningHouse) -> None:
    text = json.dumps([each.event.__reduce__()[2] for each in house.do(house.app.house.store.events_after(0, 10_000))])
    assert len(_drawn) > 10
    assert [secret for secret in _drawn if secret in text] == []
    assert "eyJ" not in text, "that is how a token begins"


def test_what_the_operator_changes_is_an_event_with_the_operators_name(
    house: RunningHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = house.app.house.settings.storage_url
    house.add_client("old")
    house.add_person("eve", "Eve")
    house.sign_in(client_id="old")
    device = house.sign_in("eve")
    wait_until(lambda: house.me(device).status_code == 200)
    begun = last(house)
    for line in (
        "client add --client-id new --name New --grant device_code",
        "client disable old",
        "client enable old",
        "user disable eve",
        "keys rotate",
    ):
        assert command(capsys, *line.split(), "--database-url", url)[0] == 0
    happened = events(house, begun)
    assert [(event.what, event.client_id, event.account_id, event.detail.split(";")[0]) for event in happened[:6]] == [
        ("client_added", "new", "", happened[0].detail),
        ("client_changed", "old", "", "disabled"),
        ("revoked", "old", ANA, "the app was disabled"),
        ("client_changed", "old", "", "enabled"),
        ("account_changed", "", "account-eve", "disabled"),
        ("revoked", "tv", "account-eve", "the person was disabled"),
    ]
    assert [event.what for event in happened[6:]] == ["key_retired", "key_rotated"]
    assert {(event.actor, event.address) for event in happened} == {("operator", "")}
    assert all("by " in event.detail for event in happened)
    _hold_no_secret(house)


def test_the_first_keys_are_events_of_the_house(house: RunningHouse) -> None:
    first = [event for event in events(house, 0) if event.what == "key_drawn"]
    assert [(event.actor, event.detail.split()[0]) for event in first] == [("house", "ES256"), ("house", "RS256")]


def test_what_is_not_written_is_not_answered(house: RunningHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token without its event would be a decision that nobody knows of."""
    from server.storage.kept import EVENTS

    tokens = house.sign_in()

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(EVENTS, "add_together", full)
        assert house.refresh(tokens).status_code == 503
        assert house.post("/token", {"grant_type": "client_credentials"}, auth=("middle", SECRET)).status_code == 503
    assert house.refresh(tokens).status_code == 200, "nothing of the first try was written"
