"""The visitor's cookie, and the form token that proves a form came from a page shown to that very visitor."""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from web_verify.look import Look

SECRET_SHAPE = re.compile(r"[A-Za-z0-9._~-]{32,256}")
STAYS_FOR_S = 30 * 24 * 3600  # a phone that is signed in decides with one tap; the desk may end the session sooner


def cookie_name(look: Look) -> str:
    """`__Host-` keeps subdomains from planting a cookie; it demands https and the root path."""
    return "__Host-porchlight_session" if look.secure_cookies and not look.prefix else "porchlight_session"


def draw() -> str:
    """A new visitor's secret: 32 random bytes, base64url."""
    return secrets.token_urlsafe(32)


def read(request: Request, look: Look) -> str | None:
    """The visitor's secret, or None when there is none or it has not our shape."""
    secret = request.cookies.get(cookie_name(look), "")
    return secret if SECRET_SHAPE.fullmatch(secret) else None


def keep(response: Response, look: Look, secret: str, *, stays: bool) -> None:
    """Set the cookie: for 30 days once signed in (`stays`), until the browser closes before that."""
    response.set_cookie(
        cookie_name(look),
        secret,
        max_age=STAYS_FOR_S if stays else None,
        path=look.prefix or "/",
        secure=look.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def form_token(secret: str) -> str:
    """What a form carries: keyed by the cookie, so that no other site and no other visitor can write it."""
    mac = hmac.new(secret.encode(), b"porchlight form", sha256).digest()
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def is_form_token(secret: str, token: str) -> bool:
    """Whether this token was written for this visitor, compared in constant time."""
    return hmac.compare_digest(form_token(secret).encode(), token.encode("utf-8", "replace"))
