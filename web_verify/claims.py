"""What a device says of itself, made harmless once more before it is shown as a claim."""

import unicodedata

CLAIM_LIMIT = 32
UNSHOWABLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def harmless(claimed: str | None, limit: int = CLAIM_LIMIT) -> str | None:
    """At most `limit` characters, no control, bidirectional or unassigned ones; None when nothing is left to show."""
    if claimed is None:
        return None
    shown = "".join(char for char in claimed if unicodedata.category(char) not in UNSHOWABLE)
    return shown.strip()[:limit].strip() or None
