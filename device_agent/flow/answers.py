"""What an answer means to a device: one word per HTTP status and error code (RFC 6749 5.2, RFC 8628 3.5)."""

# Statuses that speak of the server's health, not of the request: ask again later (DEV-30, and 408 of RFC 9110).
_BUSY = (408, 425, 429)

_ERRORS = (
    ("authorization_pending", "pending"),
    ("slow_down", "slow_down"),
    ("access_denied", "denied"),
    ("expired_token", "expired"),
    ("invalid_grant", "invalid"),
    ("temporarily_unavailable", "busy"),
)


def outcome(status: int, answer: object, wanted: tuple[str, ...]) -> str:
    """One of good, pending, slow_down, denied, expired, invalid, refused, busy, broken.

    `answer` is the parsed JSON body, or anything else when it was none; `wanted` names the members a 200 must carry.
    """
    if status == 200:
        return "good" if all(text(answer, name) for name in wanted) else "broken"
    if status >= 500 or status in _BUSY:
        return "busy"
    error = text(answer, "error")
    for word, meaning in _ERRORS:
        if error == word:
            return meaning
    return "refused"


def text(answer: object, name: str) -> str:
    """The member `name` if it is a string, "" otherwise."""
    value = answer.get(name) if isinstance(answer, dict) else None
    return value if isinstance(value, str) else ""


def seconds(answer: object, name: str, otherwise: int) -> int:
    """A positive number of seconds as milliseconds; `otherwise` (milliseconds) when absent or nonsense."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 10_000_000:
        return otherwise
    return int(value * 1000)
