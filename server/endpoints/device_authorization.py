"""The device authorization endpoint: a device asks for a code to show (RFC 8628 sections 3.1 and 3.2)."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House
from server.oauth import scope, user_code
from server.oauth.certificate import demand_certificate
from server.oauth.client import Client
from server.oauth.device import GRANT_TYPE, INTERVAL, DeviceAuthorization
from server.oauth.errors import (
    InvalidScope,
    NotAllowed,
    TemporarilyUnavailable,
    TooMany,
    UnauthorizedClient,
    UnmetRequirements,
)
from server.oauth.grants.pipeline import demand_proof
from server.oauth.locales import locales_of
from server.oauth.presence import browser_of
from server.oauth.secret import digest, draw
from server.oauth.step_up import acr_values_of, max_age_of
from server.oauth.store import CodeTaken
from server.oauth.terms import terms_of
from server.possession import shown_certificate, shown_proof
from server.settings import SECOND

from .client_auth import proven_client
from .form import read_form

if TYPE_CHECKING:
    from server.openapi.operation import About

PATH: Final = "/device_authorization"
MAX_DRAWS: Final = 8
MAX_NAME: Final = 200


class DeviceAuthorizationEndpoint:
    """POST /device_authorization: `client_id`, `scope`, and our `device_name` -> both codes and where to type one."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._profile = user_code.DIGITS if house.settings.user_code == "digits" else user_code.LETTERS
        issuer = house.settings.issuer
        self._verification_uri = f"{issuer}/device"
        self._complete = f"{issuer}/D/"

    async def __call__(self, request: Request) -> Response:
        house = self._house
        form = await read_form(request)
        client = await proven_client(house, request, form)
        client.may_use(GRANT_TYPE)
        terms = terms_of(client, house.terms)
        address = request.client.host if request.client else ""
        if not terms.may_ask_from(address):
            raise NotAllowed("this client may not ask for codes from this network")
        scopes = scope.asked(form.get("scope"), terms.asked(client.scopes))
        proof = shown_proof(house, request, PATH)
        demand_proof(client, proof)
        certificate = demand_certificate(client, shown_certificate(house, request))
        key = proof.jkt if proof is not None else certificate.jkt if certificate is not None else None
        await self._demand_known(client, key)
        now = house.now()
        device_code = draw()
        begun = partial(
            DeviceAuthorization,
            code_hash=digest("device_code", device_code),
            client_id=client.client_id,
            scopes=scopes,
            created_at=now,
            expires_at=now + house.settings.code_for * SECOND,
            address=address,
            claimed_name=form.get("device_name", "")[:MAX_NAME] or None,
            jkt=key if proof is not None or client.auth_method == "none" else None,
            shows_match=form.get("match") == "1",
            max_age=max_age_of(form.get("max_age")),
            acr_values=acr_values_of(form.get("acr_values"), house.acr_values),
            browser=browser_of(request.headers.get("user-agent", "")),
            ui_locales=locales_of(form.get("ui_locales")),
        )
        code = await self._start(begun)
        house.counts.sign_ins_started += 1
        return json_answer(
            {
                "device_code": device_code,
                "user_code": user_code.show(code),
                "verification_uri": self._verification_uri,
                "verification_uri_complete": self._complete + code,
                "expires_in": house.settings.code_for,
                "interval": INTERVAL // SECOND,
                "match_supported": True,
            }
        )

    async def _demand_known(self, client: Client, key: str | None) -> None:
        """Raise `UnauthorizedClient` for a stranger, where only known devices may sign in (RFC 10027 section 6.1.7)."""
        if not client.is_for_known_devices:
            return
        if key is None or not await self._house.store.is_known_device(client.client_id, key):
            raise UnauthorizedClient(
                "only devices whose key is registered may sign in: show a DPoP proof of such a key"
            )

    async def _start(self, begun: Callable[..., DeviceAuthorization]) -> str:
        """Begin the sign-in under a user code that no live one has; the code. A collision draws again, a few times."""
        for _ in range(MAX_DRAWS):
            code = user_code.draw(self._profile)
            try:
                await self._house.sign_ins.start(begun(user_code_hash=digest("user_code", code)))
            except CodeTaken:
                continue
            return code
        raise TemporarilyUnavailable("no free user code was found; try again", retry_after=5)

    def about(self) -> "About":
        from server.oauth.step_up import LONGEST_VALUES
        from server.openapi.operation import ANY_TEXT, FLAG, URL, Answer, Field, Operation, members, text, whole
        from server.openapi.parts import ANY_CLIENT, CLIENT_REFUSALS, PROOF, PROOF_REFUSALS, SCOPE, client_form

        begun = members(
            *(Field(name, ANY_TEXT, True) for name in ("device_code", "user_code")),
            *(Field(name, URL, True) for name in ("verification_uri", "verification_uri_complete")),
            *(Field(name, whole(1), True, "Seconds") for name in ("expires_in", "interval")),
            Field("match_supported", FLAG, True, "Ours: a device that can show a number says match=1"),
        )
        takes = client_form(
            Field("scope", SCOPE),
            Field("device_name", ANY_TEXT, says=f"Ours: what the device calls itself; {MAX_NAME} characters are kept"),
            Field("match", text("1"), says="Ours: the device can show a number for its person to repeat"),
            Field(
                "max_age", text(pattern="^[0-9]{1,10}$"), says="Ours: how old the person's sign-in may be, in seconds"
            ),
            Field("acr_values", text(longest=LONGEST_VALUES), says="Ours: how well the person must have signed in"),
        )
        refuses = (
            *(*CLIENT_REFUSALS, *PROOF_REFUSALS, InvalidScope),
            *(UnmetRequirements, NotAllowed, TooMany),
        )
        answer = Answer(200, "Both codes, and where a person types one", begun)
        does = "Begin the sign-in of a device (RFC 8628)"
        said = Operation("device_authorization", does, (answer,), refuses, takes=takes, headers=(PROOF,), by=ANY_CLIENT)
        return {"POST": said}
