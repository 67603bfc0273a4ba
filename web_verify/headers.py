"""The headers that every answer of the pages carries, errors and redirects included (RFC 9700 section 4.16)."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Final

# It sends the form that takes an answer to an app.
SUBMIT: Final = "document.forms[0].submit()"
_SUBMIT_HASH: Final = b64encode(sha256(SUBMIT.encode()).digest()).decode()
# What an open page listens with. It stands in the page, so that a page stays two requests; the policy names its hash.
LIVE: Final = (Path(__file__).parent / "static" / "live.js").read_text("utf-8")
_LIVE_HASH: Final = b64encode(sha256(LIVE.encode()).digest()).decode()
# What asks a browser for a passkey, likewise.
PASSKEY: Final = (Path(__file__).parent / "static" / "passkey.js").read_text("utf-8")
_PASSKEY_HASH: Final = b64encode(sha256(PASSKEY.encode()).digest()).decode()


def posting_policy(form_target: str) -> str:
    """For the page that posts an answer to an app: its form leads there and nowhere else."""
    return (
        f"default-src 'none'; style-src 'self'; img-src data:; script-src 'sha256-{_SUBMIT_HASH}'; "
        f"form-action {form_target}; frame-ancestors 'none'; base-uri 'none'"
    )


def content_security_policy(form_target: str = "", *, is_live: bool = False, asks_for_passkey: bool = False) -> str:
    """`form_target`: where else a form of this page may lead, redirects included: the app that sent the person here.

    `is_live`: the one script that listens may run, known by its hash, and may ask this house alone;
    `asks_for_passkey`: the one for passkeys.
    """
    runs = ((is_live, _LIVE_HASH), (asks_for_passkey, _PASSKEY_HASH))
    scripts = " ".join(f"'sha256-{known}'" for is_there, known in runs if is_there)
    listens = (f"script-src {scripts}", "connect-src 'self'") if scripts else ()
    return "; ".join(
        (
            "default-src 'none'",
            *listens,
            "style-src 'self'",
            "img-src data:",
            f"form-action 'self' {form_target}".rstrip(),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


SECURITY: Final[tuple[tuple[str, str], ...]] = (
    ("content-security-policy", content_security_policy()),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-robots-tag", "noindex"),
)

NOT_KEPT: Final = ("cache-control", "no-store")
KEPT_FOR_EVER: Final = ("cache-control", "public, max-age=31536000, immutable")
