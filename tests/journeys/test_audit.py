"""Every decision is one event that says who, what and from where, and no event holds a secret."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from server.oauth.device import GRANT_TYPE as DEVICE_CODE
from server.oauth.event import Event
from server.oauth.grants.token_exchange import GRANT_TYPE as EXCHANGE
from tests.commands.process import told as command
from tests.conformance.app import BACK, GRANTS
from tests.house import SECRET, RunningHouse, furnish, open_house
from tests.journeys.decisions import ANA, DRAWN, FLOWS, ISSUED, Found
from tests.postgres import Cluster
from tests.waiting import wait_until

HERE = "127.0.0.1"
SAID = ("access_token", "refresh_token", "id_token", "device_code", "user_code")


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
            DRAWN.add(text)
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
            DRAWN.update(content[name] for name in SAID if name in content)
        return content

    return reading


def _furnish(house: RunningHouse) -> None:
    furnish(house)
    grants = (DEVICE_CODE, "refresh_token", "client_credentials", EXCHANGE)
    house.add_client("middle", secret=SECRET, grants=grants, scopes=("profile", "readings:read"))
    house.add_client("web", grants=GRANTS, scopes=("openid", "profile"), redirect_uris=(BACK,))
    for username in ("ana", "ben"):
        house.phone(username).open(house.begin())


def events(house: RunningHouse, after: int) -> list[Event]:
    """All events behind this number, when the refusals are written, too."""
    wait_until(lambda: house.app.house.refusals.is_settled)
    return [each.event for each in house.do(house.app.house.store.events_after(after, 1_000))]


def last(house: RunningHouse) -> int:
    wait_until(lambda: house.app.house.refusals.is_settled)
    return house.do(house.app.house.store.last_event())


def found(event: Event) -> Found:
    return Found(event.what, event.actor, event.client_id, event.account_id, event.detail)


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
        assert event.device_id or event.what != "revoked", "a filter by device finds it"
        assert event.request_id or event.detail.startswith("MQTT"), event
        assert bool(event.device_id and event.family_id) or event.detail != ISSUED.detail, event
    _hold_no_secret(house)


def _hold_no_secret(house: RunningHouse) -> None:
    text = json.dumps([each.event.__reduce__()[2] for each in house.do(house.app.house.store.events_after(0, 10_000))])
    assert len(DRAWN) > 10
    assert [secret for secret in DRAWN if secret in text] == []
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
    assert [(event.what, event.client_id, event.account_id, event.detail.split(";")[0]) for event in happened[:7]] == [
        ("client_added", "new", "", happened[0].detail),
        ("client_changed", "old", "", "disabled"),
        ("revoked", "old", ANA, "the app was disabled"),
        ("client_changed", "old", "", "enabled"),
        ("account_changed", "", "account-eve", "disabled"),
        ("signed_out", "", "account-eve", "the person was disabled"),
        ("revoked", "tv", "account-eve", "the person was disabled"),
    ]
    assert [event.what for event in happened[7:]] == ["key_retired", "key_rotated"]
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
