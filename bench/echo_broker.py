"""The embedded broker alone, with a door that lets everybody in: what an API call over MQTT is measured against.

`python -m bench.echo_broker` runs it: one JSON line with its port, then until it is told to stop.
"""

import asyncio
import json
import signal
import time

import uvloop

from device_agent.mqtt.packets import reasons
from server.broker.broker import Broker
from server.broker.limits import Limits
from server.broker.port import Admission, Challenge, Hello, Refusal, Response

LIFETIME = 3_600_000


def now() -> int:
    return time.time_ns() // 1_000_000


class OpenDoor:
    """Admits everybody to everything, for an hour."""

    async def admit(self, hello: Hello) -> Admission:
        return Admission(hello.client_id, now() + LIFETIME, ("#",), ("#",), "", hello.client_id)

    async def renew(self, admission: Admission, credential: bytes, method: str = "") -> Admission:
        return admission

    async def answer(self, challenge: Challenge, response: Response) -> Refusal:
        """Nobody is challenged here."""
        return Refusal(reasons.NOT_AUTHORIZED, "nobody was asked")


async def serve() -> None:
    """Serve on a port that is picked and printed, until SIGTERM."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    broker = Broker(OpenDoor(), now, Limits())
    print(json.dumps({"port": await broker.start("127.0.0.1", 0)}), flush=True)
    await over.wait()
    await broker.stop()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
