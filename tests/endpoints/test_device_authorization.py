"""A user code that is in use is drawn again, a few times; digits are drawn where the operator wants them."""

from pathlib import Path

import pytest

from server.oauth import user_code
from tests.conformance.wire import refused, type_code
from tests.house import Phone, furnish, open_house


def test_dev_08_a_code_in_use_is_drawn_again_and_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_house(tmp_path) as house:
        furnish(house)
        drawn = iter(["BBBBBBBB", "BBBBBBBB", "BBBBBBBB", "CCCCCCCC"])
        monkeypatch.setattr(user_code, "draw", lambda profile: next(drawn, "CCCCCCCC"))
        assert house.begin()["user_code"] == "BBBB-BBBB"
        assert house.begin()["user_code"] == "CCCC-CCCC"
        answer = refused(house.post("/device_authorization", {"client_id": "tv"}), "temporarily_unavailable", 503)
        assert int(answer.headers["retry-after"]) > 0
        house.clock.advance(600 + 601)
        house.do(house.app.house.sweep())
        assert house.begin()["user_code"] == "CCCC-CCCC"


def test_dev_40_digits_for_keyboards_without_latin_letters(tmp_path: Path) -> None:
    with open_house(tmp_path, user_code="digits") as house:
        furnish(house)
        started = house.begin()
        assert len(started["user_code"].replace("-", "")) == 9
        assert started["user_code"].replace("-", "").isdigit()
        phone = Phone(house)
        phone.open(started)
        assert type_code(phone, started["user_code"].replace("-", " ")).url == started["verification_uri_complete"]


def test_what_the_device_calls_itself_is_kept_short(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        furnish(house)
        page = Phone(house).open(house.begin(device_name="x" * 10_000)).text
        assert "x" * 32 in page
        assert "x" * 33 not in page
