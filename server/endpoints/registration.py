"""Dynamic client registration: `POST /register` (RFC 7591), and a client's own entry under it (RFC 7592).

A registration access token stays the same while its client lives: one that changed with an answer that was lost would
lock a device out of its own entry for good.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import CLIENT, NO_STORE, json_answer
from server.house import House
from server.oauth.client import Client
from server.oauth.client_metadata import InvalidClientMetadata
from server.oauth.errors import InvalidRequest, OAuthError
from server.oauth.event import Event, What, happened
from server.oauth.registered import Permit, Registered, Registration
from server.oauth.registration import Asked, asked_client, check_update, described, updated
from server.oauth.secret import digest, draw, draw_id, matches
from server.outbound import Refused, checked_url
from server.signing.assertion import check_jwks

from .client_auth import methods
from .json_body import read_object
from .origin import origin_of

if TYPE_CHECKING:
    from server.openapi.operation import About

PATH: Final = "/register"
MAX_METADATA: Final = 32_768
ASKED_AT: Final = ("jwks_uri", "backchannel_client_notification_endpoint", "backchannel_logout_uri")
REALM: Final = 'Bearer realm="porchlight registration"'


class BadToken(OAuthError):
    """No token, or one that opens nothing here: unknown, expired, used up, or of a client that is gone."""

    error = "invalid_token"
    status = 401


class Disabled(OAuthError):
    """RFC 7592 section 2.1: the client may not see or change its entry."""

    error = "access_denied"
    status = 403


class RegistrationEndpoint:
    """POST /register: metadata in JSON, with an initial access token -> 201 and all that was registered."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        house, token = self._house, _bearer(request)
        token_hash, now = digest("initial_token", token), house.now()
        initial = await house.store.find_initial_token(token_hash)
        if initial is None or not initial.is_good(now):
            raise _refused()
        metadata = await read_object(request, MAX_METADATA)
        client_id, management = draw_id(), draw()
        asked = checked_metadata(house, metadata, initial.permit, client_id, now)
        client, secret = _with_secret(asked.client)
        management_hash = digest("registration_token", management)
        registration = Registration(client_id, management_hash, initial.token_id, asked.method, *initial.permit)
        told = _told(house, request, "client_added", client_id, f"registered itself with {initial.token_id}")
        if not await house.store.register_client(token_hash, client, registration, now, events=(told,)):
            raise _refused()
        return json_answer(_answer(house, Registered(client, registration), management, secret), 201)

    def about(self) -> "About":
        from server.openapi.client_metadata import METADATA_REFUSALS, REGISTERED, TAKES
        from server.openapi.operation import INITIAL, Answer, Operation

        made = Answer(201, "All that was registered", REGISTERED)
        does = "Register a client (RFC 7591)"
        refuses = (*METADATA_REFUSALS, BadToken)
        return {"POST": Operation("register", does, (made,), refuses, takes=TAKES, by=(INITIAL,))}


class EntryEndpoint:
    """GET, PUT and DELETE /register/{client_id}, with the registration access token of that client."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        token, client_id = _bearer(request), request.path_params["client_id"]
        found = await self._entry(client_id, token)
        request.scope[CLIENT] = client_id
        if request.method == "PUT":
            return await self._replace(request, found, token)
        if request.method == "DELETE":
            return await self._delete(request, client_id)
        return json_answer(_answer(self._house, found, token))

    def about(self) -> "About":
        from server.openapi.client_metadata import METADATA_REFUSALS, REGISTERED, TAKES
        from server.openapi.operation import REGISTRATION, Answer, Operation

        shown, by = Answer(200, "All that is registered", REGISTERED), (REGISTRATION,)
        read = Operation("read_client", "Read one's own entry (RFC 7592)", (shown,), (BadToken, Disabled), by=by)
        refuses = (*METADATA_REFUSALS, BadToken, Disabled)
        replaced = Operation("replace_client", "Replace one's own entry", (shown,), refuses, takes=TAKES, by=by)
        gone = Answer(204, "The client and all that it was given are gone")
        deleted = Operation("delete_client", "Remove oneself", (gone,), (BadToken, Disabled), by=by)
        return {"GET": read, "PUT": replaced, "DELETE": deleted}

    async def _entry(self, client_id: str, token: str) -> Registered:
        """Raises `BadToken`, in the same words whatever is wrong; `Disabled`."""
        store = self._house.store
        registration = await store.find_registration(client_id) if client_id.isprintable() else None
        expected = registration.token_hash if registration else bytes(32)
        client = await store.find_client(client_id) if registration else None
        if not matches("registration_token", token, expected) or registration is None or client is None:
            raise _refused()
        if not client.is_enabled:
            raise Disabled("this client has been disabled")
        return Registered(client, registration)

    async def _replace(self, request: Request, found: Registered, token: str) -> Response:
        house, (client, registration) = self._house, found
        metadata = await read_object(request, MAX_METADATA)
        kept = client.secret_hash or bytes(32)
        check_update(metadata, client.client_id, is_its_secret=lambda said: matches("client_secret", said, kept))
        asked = checked_metadata(house, metadata, registration.permit, client.client_id, client.created_at)
        fresh, secret = (asked.client, "") if client.secret_hash else _with_secret(asked.client)

        def change(current: Registered) -> Registered:
            if not current.client.is_enabled:
                raise Disabled("this client has been disabled")
            return Registered(updated(current.client, fresh), replace(current.registration, method=asked.method))

        told = _told(house, request, "client_changed", client.client_id, "changed its own entry")
        after = await house.store.change_registration(client.client_id, change, events=(told,))
        if after is None:
            raise _refused()
        return json_answer(_answer(house, after, token, secret))

    async def _delete(self, request: Request, client_id: str) -> Response:
        """At once nothing of the client is good any more: no code, no token, no session (section 2.3)."""
        house = self._house
        told = _told(house, request, "client_removed", client_id, "removed itself")
        ended = _told(house, request, "revoked", client_id, "the app removed itself")
        await house.store.delete_client(client_id, house.now(), events=(told,), ended=ended)
        return Response(status_code=204, headers=NO_STORE)


def checked_metadata(house: House, metadata: dict[str, Any], permit: Permit, client_id: str, created_at: int) -> Asked:
    """The client that the metadata describes, its keys and addresses looked at as well as the law can be asked."""
    asked = asked_client(metadata, permit, client_id=client_id, created_at=created_at, tidy_dn=_tidy_dn)
    if asked.method not in methods(house.settings):
        raise InvalidClientMetadata("this server has no token_endpoint_auth_method of that name")
    if asked.client.is_certificate_bound and not house.settings.mtls_header:
        raise InvalidClientMetadata("this server cannot see the certificates of clients")
    try:
        jwks = check_jwks(asked.client.jwks) if asked.client.jwks else ""
        for name in ASKED_AT:
            if url := getattr(asked.client, name):
                checked_url(url, may_be_private=house.settings.outbound_private)
    except InvalidRequest as wrong:
        raise InvalidClientMetadata(wrong.description.replace('"', "'")) from None
    except Refused as wrong:
        raise InvalidClientMetadata(f"{name}: {wrong}") from None
    return asked._replace(client=replace(asked.client, jwks=jwks))


def _tidy_dn(text: str) -> str:
    from server.signing.certificate import tidy_dn  # only for a client that comes with a certificate

    return tidy_dn(text)


def _with_secret(client: Client) -> tuple[Client, str]:
    """A client that authenticates by a secret, with a new one; any other as it is."""
    if client.auth_method != "client_secret":
        return client, ""
    secret = draw()
    return replace(client, secret_hash=digest("client_secret", secret)), secret


def _answer(house: House, found: Registered, token: str, secret: str = "") -> dict[str, Any]:
    """RFC 7591 section 3.2.1 and RFC 7592 section 3; a secret is shown only in the answer that gives it."""
    content = described(found.client, found.registration)
    content["registration_client_uri"] = f"{house.settings.issuer}{PATH}/{found.client.client_id}"
    content["registration_access_token"] = token  # whoever reads this has just shown it
    if secret:
        content |= {"client_secret": secret, "client_secret_expires_at": 0}
    return content


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadToken("send the token in the Authorization header, as Bearer", challenge=REALM)
    return token.strip()


def _refused() -> BadToken:
    description = "the token is unknown, expired or used up"
    return BadToken(description, challenge=f'{REALM}, error="invalid_token"')


def _told(house: House, request: Request, what: What, client_id: str, detail: str) -> Event:
    return happened(what, "client", house.now(), origin_of(request), client_id=client_id, detail=detail)
