"""What the broker has seen, for metrics."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counters:
    """`connections` rises and falls; all others only rise."""

    connections: int = 0
    accepted: int = 0
    admitted: int = 0
    refused: int = 0
    garbage: int = 0
    timed_out: int = 0
    taken_over: int = 0
    expired: int = 0
    renewed: int = 0
    evicted: int = 0
    protocol_errors: int = 0
    messages_in: int = 0
    messages_out: int = 0
    messages_dropped: int = 0
    messages_refused: int = 0
    wills: int = 0
    bytes_in: int = 0
    bytes_out: int = 0

    def snapshot(self) -> dict[str, int]:
        """All of them by name."""
        return asdict(self)
