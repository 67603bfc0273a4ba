"""What the conformance tests say to a server, and what they demand of every answer (RFC 6749 section 5)."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests

from server.oauth.device import GRANT_TYPE
from tests.house import Clock, Phone, RunningHouse, browser

FORM = {"content-type": "application/x-www-form-urlencoded"}
UNDECIDED = ("authorization_pending", "slow_down")
Result = TypeVar("Result")
_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")


class StoppedClock(Clock):
    """A clock that goes only as far as the test moves it."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = super().__call__() // 1_000 * 1_000

    def __call__(self) -> int:
        return self._begun + self.ahead


def send(house: RunningHouse, path: str, fields: Sequence[tuple[str, str]], **more: Any) -> requests.Response:
    """A form whose fields may repeat."""
    return house.post(path, urlencode(fields), headers=FORM | more.pop("headers", {}), **more)


def refused(answer: requests.Response, error: str, status: int = 400) -> requests.Response:
    """The same answer, which is this error in the form of RFC 6749 section 5.2, and nothing that may be kept."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert _DESCRIPTION.fullmatch(answer.json().get("error_description", "")), answer.text
    if status == 401:
        assert answer.headers["www-authenticate"].startswith(("Basic ", "Bearer ")), "HTTP demands a challenge with 401"
    return not_kept(answer)


def not_kept(answer: requests.Response) -> requests.Response:
    """The same answer, which is JSON that no cache may keep."""
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert "etag" not in answer.headers
    return answer


def is_undecided(house: RunningHouse, started: dict[str, Any], client_id: str = "tv", **more: Any) -> bool:
    """Whether a poll finds a sign-in that still waits for its person."""
    answer = house.poll(started, client_id, **more)
    return bool(answer.status_code == 400 and answer.json()["error"] in UNDECIDED)


def tokens(answer: requests.Response) -> dict[str, Any]:
    """The tokens of a successful answer."""
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = not_kept(answer).json()
    return content


def poll_as(house: RunningHouse, started: dict[str, Any], secret: str) -> requests.Response:
    """The confidential client's poll, with its secret in HTTP Basic."""
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"]}
    return house.post("/token", form, auth=("backend", secret))


def refresh(house: RunningHouse, token: str, client_id: str = "tv", **more: Any) -> requests.Response:
    """A refresh by a public client."""
    return house.post("/token", {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id, **more})


def started_so_far(house: RunningHouse) -> int:
    """How many sign-ins this server has begun."""
    count: int = house.get("/health").json()["sign_ins_started"]
    return count


def type_code(phone: Phone, code: str, **more: Any) -> requests.Response:
    """Type a code into the field of the page, and see what follows."""
    page = phone.web.get(phone.house.issuer + "/device", timeout=40)
    if page.status_code != 200:
        return page
    return phone.submit(page, user_code=code)


def wrong_codes(count: int) -> list[str]:
    """Well-formed codes that nobody was given (one in ten thousand million might be)."""
    letters = "BCDFGHJKLMNPQRSTVWXZ"
    return ["BCDF-GH" + letters[number // 20] + letters[number % 20] for number in range(count)]


def at_once(work: Callable[[requests.Session, int], Result], count: int) -> list[Result]:
    """The results of `work` done by so many threads at the same moment, each with a connection of its own."""
    line = Barrier(count)

    def run(number: int) -> Result:
        with browser() as web:
            line.wait(20)
            return work(web, number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def begin_many(house: RunningHouse, count: int) -> list[dict[str, Any]]:
    """Sign-ins begun by twenty devices at once, so many in all."""

    def begin(web: requests.Session, number: int) -> list[dict[str, Any]]:
        url, form = house.issuer + "/device_authorization", {"client_id": "tv"}
        return [web.post(url, form, timeout=40).json() for _ in range(count // 20)]

    return [one for some in at_once(begin, 20) for one in some]
