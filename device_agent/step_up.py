"""What an API demands of the sign-in behind a token, and how to meet it: a new sign-in (RFC 9470 sections 3 and 4)."""

import re

from device_agent.flow.answers import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device_agent.http.answer import Answer

ERROR_WORD = "insufficient_user_authentication"
_VALUES = re.compile(r"[A-Za-z0-9:._/ -]{1,500}")  # what may be put into a line that somebody will paste into a shell


def demanded(answer: "Answer") -> "dict[str, object] | None":
    """The body of this refusal, with `max_age` and `acr_values` from its challenge; None when it is another one."""
    if answer.status != 401:
        return None
    challenge = answer.headers.get("www-authenticate", "")
    body = answer.json()
    if text(body, "error") != ERROR_WORD and f'error="{ERROR_WORD}"' not in challenge:
        return None
    said: dict[str, object] = {"error": ERROR_WORD}
    for name in ("max_age", "acr_values", "error_description"):
        found = re.search(r"(?:^|[\s,])" + name + r'="?([^",]*)"?', challenge)
        if found:
            said[name] = found.group(1)
    return {**said, **body} if isinstance(body, dict) else said


def what_to_do(body: "dict[str, object]") -> str:
    """The command that asks for such a sign-in; nothing of the server's reaches it but digits and names."""
    command = "porchlight-agent login"
    max_age, acr_values = str(body.get("max_age", "")), text(body, "acr_values")
    if max_age.isdecimal() and len(max_age) < 11:
        command += " --max-age " + max_age
    if _VALUES.fullmatch(acr_values):
        command += f" --acr '{acr_values}'"
    return f"Run {command}, then call again."
