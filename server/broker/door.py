"""The door: credentials are checked a few at a time, so that a storm of CONNECTs cannot starve the loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from device_agent.mqtt.packets import reasons
from server.broker.limits import Limits
from server.broker.port import ACE, Admission, Answer, Challenge, Doorkeeper, Hello, Refusal, Response

logger = logging.getLogger(__name__)


class Door:
    """Asks the doorkeeper; a queue that is too long is answered with 0x89, a doorkeeper that fails with 0x88.

    Whatever the doorkeeper says, a decision is for one device id: that of the CONNECT, "" for any, or of the session.
    """

    def __init__(self, doorkeeper: Doorkeeper, limits: Limits, clock: Callable[[], int]) -> None:
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._clock = clock
        self._places = asyncio.Semaphore(limits.admissions)
        self._waiting = 0

    async def admit(self, hello: Hello) -> Answer:
        """Decide on a CONNECT; the client id must be the device id of the token, or empty."""
        if hello.credential is None and hello.auth_method != ACE:  # there a client may ask without one where to get one
            return Refusal(reasons.NOT_AUTHORIZED, "send the token as password, or as authentication data")
        return await self._ask(lambda: self._doorkeeper.admit(hello), hello.client_id)

    async def renew(self, admission: Admission, credential: bytes | None, method: str) -> Answer:
        """Decide on a newer token, which must be of the same device."""
        if credential is None:
            return Refusal(reasons.NOT_AUTHORIZED, "send the new token as authentication data")
        return await self._ask(lambda: self._doorkeeper.renew(admission, credential, method), admission.device_id)

    async def answer(self, challenge: Challenge, response: Response, device_id: str) -> Answer:
        """Decide on the response to a challenge."""
        return await self._ask(lambda: self._doorkeeper.answer(challenge, response), device_id)

    async def _ask(self, question: Callable[[], Awaitable[Answer]], device_id: str) -> Answer:
        if self._waiting >= self._limits.admissions_waiting:
            return Refusal(reasons.SERVER_BUSY, "too many connections at once, come back later")
        self._waiting += 1
        try:
            async with self._places:
                answer = await question()
        except Exception as error:
            # The words of an unknown error may hold a credential: its type and place are enough.
            logger.error("the doorkeeper failed with %s", type(error).__name__)
            return Refusal(reasons.SERVER_UNAVAILABLE, "the server cannot check credentials now")
        finally:
            self._waiting -= 1
        if isinstance(answer, Admission):
            if answer.expires_at <= self._clock():
                return Refusal(reasons.NOT_AUTHORIZED, "the token has expired")
            if device_id not in ("", answer.device_id):
                return Refusal(reasons.CLIENT_IDENTIFIER_NOT_VALID, "the client id must be the device id of the token")
        return answer
