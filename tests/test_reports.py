"""'This was not me': whoever runs the service is told where they wished to be told."""

import json
from pathlib import Path

from tests.conformance.ladder import answer
from tests.house import furnish, open_house
from tests.outbound_server import open_elsewhere
from tests.waiting import wait_until

SECRET = "a-secret-of-more-than-24-characters"


def test_xd_08_a_report_is_told_to_the_operators_webhook(tmp_path: Path) -> None:
    with open_elsewhere(tmp_path) as hook:
        hook.answer = lambda asked: (204, {}, b"")
        settings = {"notice_webhook": f"{hook.origin}/told", "notice_secret": SECRET, "outbound_private": True}
        with open_house(tmp_path, outbound_ca=hook.ca, **settings) as house:
            furnish(house)
            started = house.begin(device_name="Sofa")
            phone = house.phone()
            page = phone.approve(started)
            held = house.poll(started).json()
            wait_until(lambda: len(hook.asked) == 1, 10)
            assert "signed out at once" in answer(phone, page, "report", report="not_me").text
            wait_until(lambda: len(hook.asked) == 2, 10)
            said = json.loads(hook.asked[1].body)
            assert said["type"] == "device.reported"
            assert said["data"]["account"]["username"] == "ana"
            assert "sign_out_url" not in said["data"]
            assert house.me(held).status_code == 401
