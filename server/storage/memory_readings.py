"""Readings in memory: one bounded queue for each device."""

from collections import deque
from collections.abc import Collection, Sequence

from .readings import KEPT_PER_DEVICE, MOST_LISTED, Reading


class MemoryReadings:
    """`Readings` without a database."""

    def __init__(self) -> None:
        self._of_device: dict[str, deque[Reading]] = {}

    async def add(self, reading: Reading) -> None:
        self._of_device.setdefault(reading.device_id, deque(maxlen=KEPT_PER_DEVICE)).append(reading)

    async def list(
        self,
        account_id: str,
        device_id: str | None = None,
        stream: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> Sequence[Reading]:
        devices = self._of_device if device_id is None else {device_id} & self._of_device.keys()
        found = [
            reading
            for device in devices
            for reading in reversed(self._of_device[device])
            if reading.account_id == account_id
            and stream in (None, reading.stream)
            and (before is None or reading.at < before)
        ]
        found.sort(key=lambda reading: -reading.at)
        return found[: max(1, min(limit, MOST_LISTED))]

    async def delete(self, account_id: str, device_id: str | None = None, stream: str | None = None) -> int:
        deleted = 0
        for device in self._of_device if device_id is None else {device_id} & self._of_device.keys():
            queue = self._of_device[device]
            kept = [each for each in queue if each.account_id != account_id or stream not in (None, each.stream)]
            deleted += len(queue) - len(kept)
            queue.clear()
            queue.extend(kept)
        return deleted

    def forget(self, devices: Collection[str], most: int) -> int:
        """Drop at most `most` readings of these devices; how many were dropped."""
        dropped = 0
        for device in devices:
            queue = self._of_device.get(device)
            while queue and dropped < most:
                queue.popleft()
                dropped += 1
            if not queue:
                self._of_device.pop(device, None)
        return dropped
