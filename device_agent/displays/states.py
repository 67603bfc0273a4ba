"""What a person is told in each state: one sentence and one action. Facts from elsewhere are cleaned here, once."""

from device_agent.clean import clean

# state, sentence, action
STATES = (
    ("connecting", "Connecting to {host}", ""),
    ("waiting", "Waiting for your phone", "Open {verification_uri} and enter {user_code}."),
    ("phone_connected", "Phone connected", "Tap {number} on your phone."),
    ("signed_in", "Signed in as {who}.", "Not you? Run porchlight-agent logout."),
    ("denied", "Stopped on the phone. Nothing was signed in.", "Run porchlight-agent login to try again."),
    ("expired", "This code has expired.", "{action}"),
    ("offline", "No connection to {host}. Still trying.", "Check this device's network."),
    ("rate_limited", "{host} is busy.", "The next try is in {seconds} seconds."),
    ("online", "Online at {host} over MQTT.", ""),
    ("failed", "{sentence}", "{action}"),
    ("note", "{sentence}", ""),
)


def say(state: str, facts: dict[str, object]) -> tuple[str, str]:
    """(sentence, action) of a state, with the facts filled in. Raises LookupError for a state that is not there."""
    plain = {name: value if isinstance(value, int) else clean(value) for name, value in facts.items()}
    for name, sentence, action in STATES:
        if name == state:
            return sentence.format(**plain), action.format(**plain)
    raise LookupError("no such state: " + state)


def who(name: object, username: object) -> str:
    """`Ana Ruiz (ana)`, or as much of it as is known."""
    full, short = clean(name, 60), clean(username, 60)
    if full and short and full != short:
        return f"{full} ({short})"
    return full or short or "somebody the server did not name"


def minutes(milliseconds: int) -> str:
    """`10 minutes`, `1 minute`, `less than a minute`."""
    count = (milliseconds + 30_000) // 60_000
    if count < 1:
        return "less than a minute"
    return "1 minute" if count == 1 else f"{count} minutes"


def place(verification_uri: object) -> str:
    """The address as a person types it: no https://, no slash at the end."""
    return clean(verification_uri, 300).removeprefix("https://").rstrip("/")
