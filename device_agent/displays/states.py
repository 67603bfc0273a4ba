"""What a person is told in each state: one sentence and one action. Facts from elsewhere are cleaned here, once."""

from device_agent.clean import clean
from device_agent.words import IN_ENGLISH, Words

# The sentences are in words.py, under the state's name and under `NAME.action`.
STATES = (
    "connecting",
    "waiting",
    "renewed",
    "phone_connected",
    "signed_in",
    "denied",
    "expired",
    "offline",
    "rate_limited",
    "wrong_clock",
    "online",
    "failed",
    "note",
)


def say(state: str, facts: dict[str, object], words: Words = IN_ENGLISH) -> tuple[str, str]:
    """(sentence, action) of a state, with the facts filled in. Raises LookupError for a state that is not there."""
    if state not in STATES:
        raise LookupError("no such state: " + state)
    plain = {name: value if isinstance(value, int) else clean(value) for name, value in facts.items()}
    action = ".plain" if state == "phone_connected" and not plain.get("match") else ".action"
    return words(state, **plain), words(state + action, **plain)


def together(sentence: str, action: str) -> str:
    """Both in one line."""
    return f"{sentence}{'' if sentence.endswith('.') else '.'} {action}" if action else sentence


def who(name: object, username: object, words: Words = IN_ENGLISH) -> str:
    """`Ana Ruiz (ana)`, or as much of it as is known."""
    full, short = clean(name, 60), clean(username, 60)
    if full and short and full != short:
        return f"{full} ({short})"
    return full or short or words("nobody")


def minutes(milliseconds: int, words: Words = IN_ENGLISH) -> str:
    """`10 minutes`, `1 minute`, `less than a minute`."""
    count = (milliseconds + 30_000) // 60_000
    if count < 1:
        return words("moment")
    return words("minute") if count == 1 else words("minutes", count=count)


def place(verification_uri: object) -> str:
    """The address as a person types it: no https://, no slash at the end."""
    return clean(verification_uri, 300).removeprefix("https://").rstrip("/")
