"""Conversations with other OpenID providers: discovery, the code for an ID token, userinfo; documents held a while.

The protocol is Authlib's client, loaded where somebody first signs in through a provider; every byte goes by our one
way out (`server/outbound.py`), so that a provider's document cannot send this server into its own network.
"""

import asyncio
import hmac
import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from server.oauth.provider import WELL_KNOWN, Endpoints, Provider, Told, Untold, described, endpoints_of, told_by
from server.outbound import Refused, fetch
from server.settings import Settings
from server.signing.upstream import Unverified, read_upstream

if TYPE_CHECKING:
    import httpx

log: Final = logging.getLogger("porchlight")
FRESH_FOR: Final = 600_000  # milliseconds after which discovery and keys are asked for again
AGAIN_AFTER: Final = 60_000  # between two requests for keys that were missing
LARGEST: Final = 262_144
_OURS: Final = frozenset(("host", "connection", "content-length", "accept-encoding", "user-agent"))


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
        endpoints = await self.endpoints(provider)
        async with await self._client(provider, endpoints) as client:
            more = {"prompt": "login", "max_age": "0"} if fresh else {}
            url, _ = client.create_authorization_url(
                endpoints.authorization,
                state=state,
                nonce=_bound(secret, "nonce", state),
                code_verifier=_bound(secret, "verifier", state),
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
            more = await self._json(endpoints.userinfo, bearer=str(tokens.get("access_token", "")))
            if more.get("sub") == told.subject:  # OpenID Connect Core section 5.3.2
                told = described(told, more)
        return told

    async def _tokens(self, provider: Provider, endpoints: Endpoints, code: str, verifier: str) -> dict[str, Any]:
        from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]

        try:
            async with await self._client(provider, endpoints) as client:
                tokens = await client.fetch_token(endpoints.token, code=code, code_verifier=verifier)
        except AuthlibBaseError as error:
            raise Untold("broken", f"the token endpoint refused: {str(error.error)[:60]!r}") from None
        except (Refused, ValueError, TypeError) as error:
            raise Untold("broken", f"the token endpoint: {error}"[:200]) from None
        except Exception as error:  # httpx raises for each status of 5xx its own
            raise Untold("broken", f"the token endpoint: {type(error).__name__}") from None
        return dict(tokens)

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

    async def _json(self, url: str, *, bearer: str = "") -> dict[str, Any]:
        headers = [("accept", "application/json"), *([("authorization", f"Bearer {bearer}")] if bearer else [])]
        try:
            answer = await fetch(self._settings, "GET", url, headers=headers, limit=LARGEST)
            document = json.loads(answer.body)
        except Refused as refused:
            raise Untold("broken", f"{url}: {refused}") from None
        except (ValueError, RecursionError):
            raise Untold("broken", f"{url} answers no JSON") from None
        if answer.status != 200 or not isinstance(document, dict):
            raise Untold("broken", f"{url} answers {answer.status}")
        return document

    async def _client(self, provider: Provider, endpoints: Endpoints) -> Any:
        """Authlib's client over our way out."""
        client, transport = await asyncio.to_thread(_loaded)
        return client(
            provider.client_id,
            provider.client_secret,
            token_endpoint_auth_method="client_secret_basic" if endpoints.takes_basic else "client_secret_post",
            scope=" ".join(provider.scopes),
            redirect_uri=self.redirect_uri(provider),
            code_challenge_method="S256",
            transport=transport(self._settings),
            trust_env=False,
        )


def _bound(secret: str, what: str, state: str) -> str:
    """PKCE's verifier and the nonce follow from the browser's secret: another browser cannot know them, and nothing of
    them is kept."""
    mac = hmac.digest(secret.encode(), f"porchlight upstream {what}\0{state}".encode(), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def _loaded() -> tuple[Any, Any]:
    """Authlib's client and the transport that it is given; eleven megabytes, loaded once."""
    import httpx
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

    class Outbound(httpx.AsyncBaseTransport):
        """httpx's way out: ours."""

        def __init__(self, settings: Settings) -> None:
            self._settings = settings

        async def handle_async_request(self, request: "httpx.Request") -> "httpx.Response":
            headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _OURS]
            body = await request.aread()
            answer = await fetch(self._settings, request.method, str(request.url), headers=headers, body=body)
            kept = {"content-type": answer.headers.get("content-type", "application/json")}
            return httpx.Response(answer.status, headers=kept, content=answer.body, request=request)

    return AsyncOAuth2Client, Outbound
