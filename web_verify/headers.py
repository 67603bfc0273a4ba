"""The headers that every answer of the pages carries, errors and redirects included (RFC 9700 section 4.16)."""

from base64 import b64encode
from hashlib import sha256
from typing import Final

# The one script there is: it sends the form that takes an answer to an app.
SUBMIT: Final = "document.forms[0].submit()"
_SUBMIT_HASH: Final = b64encode(sha256(SUBMIT.encode()).digest()).decode()


def posting_policy(form_target: str) -> str:
    """For the page that posts an answer to an app: its form leads there and nowhere else."""
    return (
        f"default-src 'none'; style-src 'self'; img-src data:; script-src 'sha256-{_SUBMIT_HASH}'; "
        f"form-action {form_target}; frame-ancestors 'none'; base-uri 'none'"
    )


def content_security_policy(form_target: str = "") -> str:
    """`form_target`: where else a form of this page may lead, redirects included: the app that sent the person here."""
    return "; ".join(
        (
            "default-src 'none'",
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
