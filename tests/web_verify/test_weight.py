"""What every page weighs in every state, by the browser's own log: two requests and 20 KB with nothing in the cache."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.browser import OpenPhone
from tests.web_verify.porch import Porch
from tests.web_verify.states import every_state


class Log:
    """What the browser says of the newest document: the bytes on the wire of each request, and how many they became."""

    def __init__(self, devtools: CDPSession) -> None:
        self.wire: dict[str, float] = {}
        self.raw = 0
        self._streams: set[str] = set()
        devtools.on("Network.requestWillBeSent", self._begun)
        devtools.on("Network.dataReceived", self._received)
        devtools.on("Network.loadingFinished", self._ended)

    def _begun(self, event: dict[str, Any]) -> None:
        if event["type"] == "Document":
            self.wire, self.raw = {}, 0
        if event["type"] in ("EventSource", "Fetch"):  # it carries no page, and a page without it is complete
            self._streams.add(event["requestId"])

    def _received(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._streams:
            self.raw += event["dataLength"]

    def _ended(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._streams and event["encodedDataLength"]:  # what is in the page weighs there
            self.wire[event["requestId"]] = event["encodedDataLength"]


@pytest.fixture
def watched(phone: OpenPhone) -> tuple[Page, Log]:
    page = phone().new_page()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    return page, Log(devtools)


def test_a_page_is_two_requests_and_20_kb_at_most(porch: Porch, watched: tuple[Page, Log]) -> None:
    page, log = watched
    heaviest = ("", 0.0)
    for state in every_state(page, porch):
        page.wait_for_load_state("load")
        assert 1 <= len(log.wire) <= 2, (state, log.wire)
        assert sum(log.wire.values()) <= 20_000, state
        assert log.raw <= 50_000, state
        heaviest = max(heaviest, (state, sum(log.wire.values())), key=lambda each: each[1])
    assert heaviest[1] >= 3_000, "the log has heard of the pages"
