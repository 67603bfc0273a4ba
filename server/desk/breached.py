"""The list of stolen passwords: a sorted file, searched by halving and never read whole (NIST SP 800-63B-4 3.1.1.2).

Two kinds are told apart by looking at some lines: SHA-1 hashes in capital hexadecimal or their first 16 digits or more,
each with or without `:count` behind it (as Have I Been Pwned's downloader writes them), and plain passwords. Sorted
means: by bytes, as `LC_ALL=C sort` does.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import BinaryIO, Final

from server.settings import SettingsError

_HEX: Final = re.compile(rb"([0-9A-F]{16,40})(:\d+)?")
_LONGEST_LINE: Final = 4_096
_SAMPLES: Final = 256


class Breached:
    """One such file. Raises `SettingsError` when it is none."""

    def __init__(self, path: str) -> None:
        self._path, self._digits = Path(path), 0
        try:
            with self._path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                found = (self._line_from(file, size * number // _SAMPLES) for number in range(_SAMPLES))
                lines = [line for line in found if line is not None]
        except OSError as error:
            raise SettingsError(f"breached_passwords: {path} cannot be read: {error.strerror}") from None
        if lines != sorted(lines):  # a list in no order would let everything through
            raise SettingsError(f"breached_passwords: {path} is not sorted by bytes; write it anew with LC_ALL=C sort")
        lengths = {len(fits[1]) if (fits := _HEX.fullmatch(line)) else 0 for line in lines}
        self._digits = lengths.pop() if len(lengths) == 1 else 0  # of a hash; 0: plain passwords

    def __contains__(self, password: str) -> bool:
        """Whether it is on the list; some thirty reads. Blocks."""
        sought = self._key(password)
        with self._path.open("rb") as file:
            low, high = 0, os.fstat(file.fileno()).st_size
            while low < high:
                middle = (low + high) // 2
                found = self._line_from(file, middle)
                if found is not None and found < sought:
                    low = middle + 1
                else:
                    high = middle
            return self._line_from(file, low) == sought

    def _key(self, password: str) -> bytes:
        raw = password.encode("utf-8", "replace")
        if not self._digits:
            return raw
        return hashlib.sha1(raw, usedforsecurity=False).hexdigest().upper()[: self._digits].encode()

    def _line_from(self, file: BinaryIO, position: int) -> bytes | None:
        """The first line that begins at this byte or later; None when there is none."""
        file.seek(max(0, position - 1))
        if position and file.read(1) != b"\n":
            file.readline(_LONGEST_LINE)
        line = file.readline(_LONGEST_LINE)
        if not line:
            return None
        line = line.rstrip(b"\r\n")
        return line[: self._digits] if self._digits else line
