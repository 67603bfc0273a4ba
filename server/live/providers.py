"""Conversations with other OpenID providers: discovery, the code for an ID token, userinfo; documents held a while.

Requests are written by Authlib, loaded where somebody first signs in through a provider; every byte goes by our one way
out (`server/outbound.py`), so that a provider's document cannot send this server into its own network.
"""

import asyncio
import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from server.oauth.provider import WELL_KNOWN, Endpoints, Provider, Told, Untold, described, endpoints_of, told_by
from server.outbound import Refused, fetch
from server.settings import Settings
from server.signing.upstream import Unverified, read_upstream

FRESH_FOR: Final = 600_000  # milliseconds after which discovery and keys are asked for again
AGAIN_AFTER: Final = 60_000  # between two requests for keys that were missing
LARGEST: Final = 262_144


@dataclass(slots=True)
class _Held:
    """What one provider published, and when it was fetched."""

    endpoints: Endpoints | None = None
    jwks: str = ""
    fetched_at: int = 0
    tried_at: int | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Providers:
    """The providers of one server."""

    def __init__(self, settings: Settings, providers: Mapping[str, Provider], now: Callable[[], int]) -> None:
        self._settings, self._now = settings, now
        self.known = providers
        self._held: dict[str, _Held] = {key: _Held() for key in providers}

    def redirect_uri(self, provider: Provider) -> str:
        """One for each provider, so that answers cannot be mixed up (RFC 9700 section 4.4.2)."""
        return f"{self._settings.issuer}/sign-in/with/{provider.key}/back"

    async def endpoints(self, provider: Provider) -> Endpoints:
        """Raises `Untold`."""
        held = self._held[provider.key]
        async with held.lock:
            age = self._now() - held.fetched_at
            if held.endpoints is None or not 0 <= age < FRESH_FOR:
                found = endpoints_of(await self._json(provider.issuer.rstrip("/") + WELL_KNOWN), provider)
                held.jwks = json.dumps(await self._json(found.jwks))
                held.endpoints, held.fetched_at = found, self._now()
            return held.endpoints

    async def way_there(self, provider: Provider, *, state: str, secret: str, fresh: bool) -> str:
        """Where to send the browser (RFC 6749 section 4.1.1, RFC 7636). `secret` is the browser's own; `fresh`: the
        person is to sign in there once more. Raises `Untold`."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

        endpoints = await self.endpoints(provider)
        more = {"prompt": "login", "max_age": "0"} if fresh else {}
        url = prepare_grant_uri(
            endpoints.authorization,
            provider.client_id,
            "code",
            redirect_uri=self.redirect_uri(provider),
            scope=" ".join(provider.scopes),
            state=state,
            nonce=_bound(secret, "nonce", state),
            code_challenge=create_s256_code_challenge(_bound(secret, "verifier", state)),
            code_challenge_method="S256",
            **more,
        )
        return str(url)

    async def redeem(
        self, provider: Provider, code: str, *, state: str, secret: str, begun_at: int, fresh: bool
    ) -> Told:
        """Who the provider says that this is. Raises `Untold`."""
        endpoints = await self.endpoints(provider)
        tokens = await self._tokens(provider, endpoints, code, _bound(secret, "verifier", state))
        claims = await self._claims(provider, endpoints, str(tokens.get("id_token", "")))
        told = told_by(
            claims,
            provider,
            endpoints,
            nonce=_bound(secret, "nonce", state),
            begun_at=begun_at,
            fresh=fresh,
            now=self._now(),
        )
        if endpoints.userinfo and not (told.email and told.name):
            bearer = ("authorization", f"Bearer {tokens.get('access_token', '')}")
            more = await self._json(endpoints.userinfo, headers=[("accept", "application/json"), bearer])
            if more.get("sub") == told.subject:  # OpenID Connect Core section 5.3.2
                told = described(told, more)
        return told

    async def _tokens(self, provider: Provider, endpoints: Endpoints, code: str, verifier: str) -> dict[str, Any]:
        """The answer of the token endpoint (RFC 6749 sections 2.3.1 and 4.1.3)."""
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        body = prepare_token_request(
            "authorization_code", redirect_uri=self.redirect_uri(provider), code=code, code_verifier=verifier
        )
        headers = [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")]
        if endpoints.takes_basic:
            both = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
            headers.append(("authorization", f"Basic {b64encode(both.encode()).decode()}"))
        else:
            body += "&" + urlencode({"client_id": provider.client_id, "client_secret": provider.client_secret})
        return await self._json(endpoints.token, headers=headers, body=body)

    async def _claims(self, provider: Provider, endpoints: Endpoints, id_token: str) -> dict[str, Any]:
        held = self._held[provider.key]
        try:
            return read_upstream(id_token, held.jwks)
        except Unverified as error:
            if not error.is_key_missing or not await self._keys_again(held, endpoints):
                raise Untold("broken", f"the ID token: {error}") from None
        try:
            return read_upstream(id_token, held.jwks)
        except Unverified as error:
            raise Untold("broken", f"the ID token: {error}") from None

    async def _keys_again(self, held: _Held, endpoints: Endpoints) -> bool:
        """Fetch the keys once more, for one that was not among them; False when somebody just did."""
        async with held.lock:
            now = self._now()
            if held.tried_at is not None and 0 <= now - held.tried_at < AGAIN_AFTER:
                return False
            held.tried_at = now
            held.jwks = json.dumps(await self._json(endpoints.jwks))
            return True

    async def _json(
        self, url: str, *, headers: Iterable[tuple[str, str]] = (("accept", "application/json"),), body: str = ""
    ) -> dict[str, Any]:
        """Ask and read; what is no JSON object with status 200 raises `Untold`."""
        method, form = ("POST", body.encode()) if body else ("GET", b"")
        try:
            answer = await fetch(self._settings, method, url, headers=headers, body=form, limit=LARGEST)
            document = json.loads(answer.body)
        except Refused as refused:
            raise Untold("broken", f"{url}: {refused}") from None
        except (ValueError, RecursionError):
            raise Untold("broken", f"{url} answers no JSON") from None
        if not isinstance(document, dict):
            raise Untold("broken", f"{url} answers no JSON object")
        if answer.status != 200:
            raise Untold("broken", f"{url} answers {answer.status} {str(document.get('error', ''))[:60]!r}")
        return document


def _bound(secret: str, what: str, state: str) -> str:
    """PKCE's verifier and the nonce follow from the browser's secret: another browser cannot know them, and nothing of
    them is kept."""
    mac = hmac.digest(secret.encode(), f"porchlight upstream {what}\0{state}".encode(), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
