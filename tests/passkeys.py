"""Chromium's virtual authenticator: a phone with a finger that is always right, over the DevTools protocol."""

from typing import Any

from playwright.sync_api import CDPSession, Page


class Authenticator:
    """One in this page. `is_synced`: its keys may be copied, as those of phones are."""

    def __init__(self, page: Page, *, is_synced: bool = True, verifies: bool = True) -> None:
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
            "defaultBackupEligibility": is_synced,
            "defaultBackupState": is_synced,
        }
        self.id: str = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def keys(self) -> list[dict[str, Any]]:
        """The credentials in it."""
        found = self._devtools.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(found["credentials"])

    def put(self, key: dict[str, Any]) -> None:
        """A copy of a key, its counter included."""
        self._devtools.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": key})

    def drop(self, credential_id: str) -> None:
        chosen = {"authenticatorId": self.id, "credentialId": credential_id}
        self._devtools.send("WebAuthn.removeCredential", chosen)

    def verifies(self, is_right: bool) -> None:
        """Whether it is the right finger."""
        chosen = {"authenticatorId": self.id, "isUserVerified": is_right}
        self._devtools.send("WebAuthn.setUserVerified", chosen)
