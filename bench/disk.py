"""What the disk under the data folder can do at this moment: without it no durable figure can be read."""

import os
import time
from tempfile import NamedTemporaryFile

from .plan import middle, percentile

WRITES = 100
_PAGE = b"\0" * 4_096


class Disk:
    """Measured now and then while a benchmark runs: the least that one durable write costs here."""

    def __init__(self) -> None:
        self._took: list[float] = []

    def measure(self) -> None:
        """Some pages appended to a throw-away file beside the data folders, each synced."""
        with NamedTemporaryFile(prefix="porchlight-bench-") as file:
            for _ in range(WRITES):
                began = time.perf_counter()
                os.write(file.fileno(), _PAGE)
                os.fsync(file.fileno())
                self._took.append(time.perf_counter() - began)

    def note(self) -> str:
        """What was found, in words."""
        p50, p95 = (percentile(self._took, share) * 1_000 for share in (0.5, 0.95))
        return f"fsync of a page beside it p50 {p50:.2f} / p95 {p95:.2f} ms, {1 / middle(self._took):,.0f}/s"
