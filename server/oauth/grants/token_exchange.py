"""Token exchange: a middle-tier API trades the token it was shown for one for the next API (RFC 8693).

Delegation only: the person stays the subject, the API becomes the actor. The new token is never for more scope, never
lives longer, and falls with the sign-in that the first one came from.
"""

from dataclasses import replace
from typing import Final

from server.oauth import scope
from server.oauth.access import Access, InvalidToken
from server.oauth.errors import InvalidGrant, InvalidRequest, UnauthorizedClient
from server.oauth.proof import InvalidProof
from server.oauth.secret import draw_id

from .pipeline import Issue, Memory, TokenRequest, check_parties, use_up_proof
from .target import target

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
PARAMETERS: Final = ("subject_token", "subject_token_type")
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
DEEPEST: Final = 4


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """Raises `InvalidRequest` for any token that is not good (section 2.2.2), `InvalidTarget`, `InvalidScope`."""
    if request.client.auth_method == "none":
        raise UnauthorizedClient("token exchange is for clients that authenticate")
    subject = _subject(request, memory)
    if subject.family_id:
        await _check_family(memory, subject)
    audience, understood = target(request, memory, subject.scopes)
    allowed = tuple(each for each in understood if each in request.client.scopes)
    scopes = scope.asked(request.parameters.get("scope"), allowed)
    if (subject.jkt or subject.x5t) and request.key is None:
        raise InvalidProof("a token that is bound to a key is traded for one that is bound to yours: show a proof")
    await use_up_proof(memory, request.proof)
    exchanged = replace(
        subject,
        token_id=draw_id(),
        client_id=request.client.client_id,
        device_id="",  # who acts for the person is not the device, and opens none of its doors
        scopes=scopes,
        issued_at=request.now,
        expires_at=min(subject.expires_at, request.now + memory.lifetimes.access) // 1_000 * 1_000,
        jkt=request.jkt,
        x5t=request.x5t,
        audience=audience,
        actors=(request.client.client_id, *subject.actors),
    )
    told = request.told("issued", account_id=subject.account_id, detail="token exchange")
    await memory.store.record((replace(told, family_id=subject.family_id),))
    return Issue(exchanged, members={"issued_token_type": ACCESS_TOKEN})


def _subject(request: TokenRequest, memory: Memory) -> Access:
    """What the subject token says, if it is an access token of ours that a person stands behind."""
    said = request.parameters
    if "actor_token" in said or "actor_token_type" in said:
        raise InvalidRequest("the actor is the client itself: leave actor_token and actor_token_type out")
    if said["subject_token_type"] not in (ACCESS_TOKEN, JWT):
        raise InvalidRequest("subject_token_type must be that of an access token")
    if said.get("requested_token_type", ACCESS_TOKEN) not in (ACCESS_TOKEN, JWT):
        raise InvalidRequest("requested_token_type must be that of an access token")
    try:
        subject = memory.read(said["subject_token"])
    except InvalidToken:
        raise InvalidRequest("the subject token is not a living access token of this server") from None
    if not subject.account_id or len(subject.actors) >= DEEPEST:
        raise InvalidRequest("nobody stands behind the subject token, or it was traded too often")
    mine = request.client.resource or memory.audience
    if mine not in subject.audience:
        raise InvalidRequest("the subject token is for another resource server than this client")
    return subject


async def _check_family(memory: Memory, subject: Access) -> None:
    """Raise `InvalidRequest`: here a token that is no good is never `invalid_grant` (section 2.2.2)."""
    family = await memory.store.find_family(subject.family_id)
    try:
        if family is None or family.ended_at is not None:
            raise InvalidGrant("the sign-in has ended")
        await check_parties(memory, family.client_id, family.account_id)
    except InvalidGrant:
        raise InvalidRequest("the subject token is not a living access token of this server") from None
