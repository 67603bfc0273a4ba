"""The desk for the devices of a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .visitor import ScopeText, Visitor


@dataclass(frozen=True, slots=True)
class Device:
    """A device that this person signed in. `signed_out_at` is None while it is signed in.

    `given_name` is what the person calls it. `stays_until` is when it would be signed out by itself; `disconnected_at`
    when its connection was seen to be closed, None where this server cannot know.
    """

    device_id: str
    app_name: str
    claimed_name: str | None
    signed_in_at: int
    last_seen_at: int
    address: str
    scopes: tuple[ScopeText, ...]
    signed_out_at: int | None = None
    given_name: str = ""
    stays_until: int = 0
    disconnected_at: int | None = None


class DeviceDesk(Protocol):
    """What is signed in."""

    async def devices(self, visitor: Visitor) -> Sequence[Device]:
        """The devices this person signed in, newest activity first, at most a few hundred; empty without a session."""
        ...

    async def not_my_device(self, visitor: Visitor, device_id: str) -> bool:
        """ "This was not me": like `sign_out_device`, and whoever runs the service is told."""
        ...

    async def name_device(self, visitor: Visitor, device_id: str, name: str) -> bool:
        """Call it so; "" takes the name away. False when it is not this person's."""
        ...

    async def sign_out_device(self, visitor: Visitor, device_id: str) -> bool:
        """End one device's tokens and MQTT session at once. False when it is not this person's."""
        ...
