"""A person signs a device in: the real `porchlight-agent login`, and a phone that approves at the real server."""

import json
from typing import Any

from tests.device_agent.process import WITHIN, Agent
from tests.house import RunningHouse


def sign_in(agent: Agent, house: RunningHouse, *more: str, **environment: str) -> dict[str, Any]:
    """Sign in, with a key where nothing else is said; what is kept then."""
    words = ("login", "--server", house.issuer, "--client-id", "tv", "--json", "--insecure-http", *more)
    with agent.start(*words, environment=environment) as process:
        try:
            issued = json.loads(process.stdout.readline() if process.stdout else "")
            house.phone().approve(issued)
            out, err = process.communicate(timeout=WITHIN)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, ""), out
    return agent.kept()
