"""A person with a phone, on the real pages over HTTP, who looks at the watch when tapping."""

import time

from firmware_sim.discovery import Endpoints
from firmware_sim.pages import Form, Page
from firmware_sim.person import Browser, Person

from .house import PASSWORD, USERNAME


class StopwatchBrowser(Browser):
    """Notes when (seconds of the monotonic clock) a decision was sent, and when it was answered."""

    tapped_at = 0.0
    answered_at = 0.0

    async def send(self, page: Page, form: Form, *pairs: tuple[str, str], follows: bool = True) -> tuple[Page, int]:
        tapped_at = time.monotonic()
        done, answered_at = await super().send(page, form, *pairs, follows=follows)
        if any(name == "decision" for name, _ in pairs):
            self.tapped_at, self.answered_at = tapped_at, answered_at / 1_000
        return done, answered_at


class Phone:
    """Signs in once, then approves whatever is shown."""

    def __init__(self, issuer: str) -> None:
        self.browser = StopwatchBrowser(Endpoints(issuer, device_authorization="", token=""))
        self._issuer = issuer
        self._person = Person(self.browser, USERNAME, PASSWORD)

    async def sign_in(self) -> None:
        await self._person.sign_in(self._issuer + "/sign-in")

    async def approve(self, shown: dict[str, str]) -> None:
        """Open the link of the QR code and tap "approve"."""
        await self._person.decide(shown["verification_uri_complete"], shown["user_code"], "approve")

    async def close(self) -> None:
        await self.browser.close()
