"""How long the dead are kept, and how much is swept at once. Durations in milliseconds."""

from typing import Final

BATCH: Final = 1_000  # rows in one sweep: others write in between
DEVICE_KEPT_FOR: Final = 600_000  # after its expiry, so that a late poll hears `expired_token`
OWED_FOR: Final = 86_400_000  # after its expiry, what an app is still to be told of a request
FAMILY_KEPT_FOR: Final = 30 * 86_400_000  # after its end, so that a person sees what was signed out
NEWS_KEPT: Final = 10_000  # rows: far more than come in the tenth of a second between two looks
