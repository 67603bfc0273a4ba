"""The doorkeeper's clerk: whoever is turned away from MQTT is an event of the audit."""

from dataclasses import replace
from typing import NamedTuple

from server.broker.port import Admission, Answer, Challenge, Decision, Doorkeeper, Hello, Refusal, Response
from server.house import House
from server.oauth.access import Access, InvalidToken
from server.oauth.event import Origin, happened


class _Held(NamedTuple):
    """What the doorkeeper holds for a challenge, and who was asked."""

    held: object
    peer: str
    access: Access | None


class AuditedDoorkeeper:
    """`server.broker.port.Doorkeeper`: asks another, and notes its refusals."""

    def __init__(self, house: House, doorkeeper: Doorkeeper) -> None:
        self._house, self._doorkeeper = house, doorkeeper

    async def admit(self, hello: Hello) -> Answer:
        return self._noted(await self._doorkeeper.admit(hello), hello.peer, self._named(hello.credential))

    async def renew(self, admission: Admission, credential: bytes, method: str = "") -> Answer:
        answer = await self._doorkeeper.renew(admission, credential, method)
        return self._noted(answer, "", self._named(credential))

    async def answer(self, challenge: Challenge, response: Response) -> Decision:
        held = challenge.held
        if not isinstance(held, _Held):
            return await self._doorkeeper.answer(challenge, response)
        decision = await self._doorkeeper.answer(replace(challenge, held=held.held), response)
        if isinstance(decision, Refusal):
            self._note(decision, held.peer, held.access)
        return decision

    def _noted(self, answer: Answer, peer: str, access: Access | None) -> Answer:
        if isinstance(answer, Refusal):
            self._note(answer, peer, access)
        elif isinstance(answer, Challenge):
            return replace(answer, held=_Held(answer.held, peer, access))
        return answer

    def _note(self, refusal: Refusal, peer: str, access: Access | None) -> None:
        """Who it is, the token says, if it is one of ours; that it was signed out since does not matter here."""
        told = happened("refused", "stranger", self._house.now(), Origin(peer), detail=f"MQTT: {refusal.reason}")
        if access is not None:
            told = replace(
                told,
                client_id=access.client_id,
                account_id=access.account_id,
                device_id=access.device_id,
                family_id=access.family_id,
            )
        self._house.refusals.note(told)

    def _named(self, credential: bytes | None) -> Access | None:
        try:
            return self._house.mint.read((credential or b"").decode("ascii"), self._house.now())
        except (InvalidToken, UnicodeDecodeError):
            return None
