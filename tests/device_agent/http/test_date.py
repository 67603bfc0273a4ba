"""The server's clock: its Date and what has passed since, whatever the device's own clock says."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agent.http.date import ServerClock, read_date


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=st.just(UTC)))
def test_every_date_that_a_server_writes_is_read(instant: datetime) -> None:
    assert read_date(format_datetime(instant, usegmt=True)) == int(instant.timestamp())


@given(st.text())
def test_no_text_makes_it_stumble(text: str) -> None:
    assert read_date(text) is None or text.endswith("GMT")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 +0100",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 199999 08:49:37 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sun, 06 Mov 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date_changes_nothing(text: str) -> None:
    clock = ServerClock()
    before = clock.ahead()
    clock.hear({"date": text})
    assert abs(clock.ahead() - before) <= 5
    assert abs(clock.now() - time.time() * 1_000) < 1_000


def test_a_heard_date_counts_on_and_the_own_clock_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ServerClock()
    clock.hear({"date": "Sun, 06 Nov 1994 08:49:37 GMT"})
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert 0 <= clock.now() - 784_111_777_000 < 1_000
    began = time.monotonic_ns()
    monkeypatch.setattr(time, "monotonic_ns", lambda: began + 90_000_000_000)
    assert 90_000 <= clock.now() - 784_111_777_000 < 91_000


def test_an_answer_from_a_cache_is_as_old_as_it_says() -> None:
    clock = ServerClock()
    clock.hear({"date": "Sun, 06 Nov 1994 08:49:37 GMT", "age": "60"})
    assert 0 <= clock.now() - 784_111_837_000 < 1_000
