"""How lately and how well a person must have signed in: `max_age` and `acr_values` (RFC 9470 section 4).

RFC 9470 asks at the authorization endpoint; that the device authorization endpoint takes the same is ours. What is
given then is younger than the request, so that whoever was refused for an old sign-in does not come back with it.
"""

from collections.abc import Collection
from typing import Final, Protocol

from .authentication import ACR_VALUES, reaches
from .errors import InvalidRequest, UnmetRequirements

LONGEST_AGE: Final = 10**9  # seconds
LONGEST_VALUES: Final = 500


class Asked(Protocol):
    """A request that waits for a person. `created_at` in milliseconds, `max_age` in seconds."""

    @property
    def created_at(self) -> int: ...

    @property
    def max_age(self) -> int | None: ...

    @property
    def acr_values(self) -> tuple[str, ...]: ...


def max_age_of(text: str | None) -> int | None:
    """`max_age` in seconds, None without one; raises `InvalidRequest`."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise InvalidRequest("max_age is a whole number of seconds")
    return min(int(text), LONGEST_AGE)


def acr_values_of(text: str | None, reachable: Collection[str] = ACR_VALUES) -> tuple[str, ...]:
    """Those of `acr_values` that are `reachable` here; raises `UnmetRequirements` when none is."""
    if text is None:
        return ()
    if len(text) > LONGEST_VALUES:
        raise InvalidRequest(f"acr_values has {LONGEST_VALUES} characters at most")
    known = tuple(dict.fromkeys(value for value in text.split(" ") if value in reachable))
    if not known:
        raise UnmetRequirements("none of these acr_values can be reached here; see acr_values_supported")
    return known


def is_met(asked: Asked, auth_time: int, amr: tuple[str, ...], now: int) -> bool:
    """Whether a sign-in at `auth_time`, by these methods, is good for what is asked."""
    is_young = asked.max_age is None or auth_time >= asked.created_at or now - auth_time <= asked.max_age * 1_000
    return is_young and reaches(amr, asked.acr_values)
