"""How soon the phone's pages are there: their weight, the server's first byte, the largest paint on a slow phone.

A slow phone is Chromium on a quarter of the processor and on "Slow 4G" as Lighthouse has it: a round trip of 150 ms,
1.6 Mbit/s down and 0.75 up, with nothing in its cache. The pages are the real ones: type a code, decide, done.
"""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .figure import Figure
from .house import PASSWORD, USERNAME, House, serving
from .plan import Missing, Plan, percentile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

PHONE = {"width": 390, "height": 844}
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 204_800, "uploadThroughput": 93_750}
FAST = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
PAINT = """() => new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
  .observe({type: 'largest-contentful-paint', buffered: true}))"""
FIRST_BYTE = "() => { const [e] = performance.getEntriesByType('navigation'); return e.responseStart - e.requestStart }"


class Seen(NamedTuple):
    """Of one load: milliseconds, and bytes on the wire."""

    first_byte: float
    paint: float
    weight: float
    requests: int


def run(plan: Plan) -> list[Figure]:
    """Each page over and over: fast for the first byte, slow for the paint."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise Missing("Playwright is missing: make setup") from None
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome-stable")
    if chromium is None:
        raise Missing("Chromium is missing: apt-get install chromium")
    with serving() as house:
        (shown,) = house.start_sign_ins(1, 1)  # ahead of Playwright, which has a loop of its own in this thread
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            figures = _measure(plan, _pages(house, browser, shown["verification_uri_complete"]))
            browser.close()
    return figures


def _measure(plan: Plan, pages: Iterator[tuple[str, str, "Page"]]) -> list[Figure]:
    figures: list[Figure] = []
    for name, address, page in pages:
        plan.say(f"the page {name}")
        devtools = page.context.new_cdp_session(page)
        fast = [_load(page, devtools, address, FAST, 1) for _ in range(plan.pick(40, 10))]
        slow = [_load(page, devtools, address, SLOW_4G, 4) for _ in range(plan.pick(10, 3))]
        devtools.detach()
        figures += _figures(name, fast, slow)
    return figures


def _pages(house: House, browser: "Browser", link: str) -> Iterator[tuple[str, str, "Page"]]:
    """Name, address, and a page that may see it."""
    page = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
    yield "enter", house.issuer + "/device", page
    page.goto(house.issuer + "/sign-in")
    page.fill("#username", USERNAME)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/devices")
    yield "decide", link, page
    page.goto(link)
    page.click("[name=decision][value=approve]")
    page.wait_for_selector(".badge")
    yield "done", link, page


def _load(page: "Page", devtools: "CDPSession", address: str, network: dict[str, Any], slower: int) -> Seen:
    """With a cold cache and a new connection."""
    devtools.send("Network.enable")
    devtools.send("Network.clearBrowserCache")
    devtools.send("Network.emulateNetworkConditions", network)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    sizes: list[float] = []
    streams: set[str] = set()

    def begun(event: dict[str, Any]) -> None:
        if event["type"] == "EventSource":
            streams.add(event["requestId"])

    def ended(event: dict[str, Any]) -> None:
        if event["requestId"] not in streams and event["encodedDataLength"]:
            sizes.append(event["encodedDataLength"])

    devtools.on("Network.requestWillBeSent", begun)
    devtools.on("Network.loadingFinished", ended)
    page.goto("about:blank")
    page.goto(address, wait_until="load")
    seen = page.evaluate(FIRST_BYTE), page.evaluate(PAINT)
    devtools.remove_listener("Network.requestWillBeSent", begun)
    devtools.remove_listener("Network.loadingFinished", ended)
    return Seen(*seen, sum(sizes), len(sizes))


def _figures(name: str, fast: list[Seen], slow: list[Seen]) -> list[Figure]:
    weight = f"{max(seen.requests for seen in slow)} requests"
    paint = f"p50 {percentile((seen.paint for seen in slow), 0.5):.0f} ms of {len(slow)}"
    return [
        Figure(f"{name}: transferred", max(seen.weight for seen in slow) / 1_000, "kB", 20, None, True, weight),
        Figure(f"{name}: first byte, p95", percentile((seen.first_byte for seen in fast), 0.95), "ms", 50, None, True),
        Figure(f"{name}: largest paint, slow phone, p95", percentile((seen.paint for seen in slow), 0.95), "ms",
               1_200, None, True, paint),
    ]  # fmt: skip
