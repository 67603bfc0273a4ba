"""Proofs of possession: what a DPoP proof must say for this request (RFC 9449 section 4.3). The mint checks signatures.

Nonces are ours and without memory: each is derived from a secret and the time, so that every server knows them all.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from .errors import OAuthError

LIVES_FOR: Final = 60_000  # a proof older than this is refused
AHEAD: Final = 10_000  # how far the client's clock may be ahead of ours
NONCE_FOR: Final = 300_000
LONGEST_ID: Final = 256
REMEMBERED_FOR: Final = LIVES_FOR + AHEAD  # by then a proof that is shown again is too old


class InvalidProof(OAuthError):
    error = "invalid_dpop_proof"


class UseNonce(OAuthError):
    """The client must try again with `nonce`, which goes into the answer's `DPoP-Nonce` header (section 8)."""

    error = "use_dpop_nonce"
    is_ordinary = True  # the client did not know yet

    def __init__(self, nonce: str) -> None:
        super().__init__("use the nonce of the DPoP-Nonce header")
        self.nonce = nonce


@dataclass(frozen=True, slots=True)
class Proof:
    """A DPoP proof whose signature is good. `jkt` is its key's RFC 7638 thumbprint; `issued_at` in milliseconds."""

    jkt: str
    proof_id: str
    method: str
    url: str
    issued_at: int
    nonce: str | None = None
    token_hash: str | None = None


def check(proof: Proof, *, method: str, url: str, now: int, nonces: tuple[str, ...] = (), token: str = "") -> None:
    """Raise `InvalidProof` unless the proof was made for this request, now, and for this access token if one is shown.

    With `nonces` the proof must carry one of them; `UseNonce` when it does not.
    """
    if proof.method != method or plain_url(proof.url) != plain_url(url):
        raise InvalidProof("the proof is for another method or URL")
    if not -AHEAD <= now - proof.issued_at <= LIVES_FOR:
        raise InvalidProof("the proof is too old, or from the future")
    if not 0 < len(proof.proof_id) <= LONGEST_ID:
        raise InvalidProof(f"jti has 1 to {LONGEST_ID} characters")
    if token and not hmac.compare_digest((proof.token_hash or "").encode(), token_hash(token).encode()):
        raise InvalidProof("ath is not the hash of the access token")
    if nonces and proof.nonce not in nonces:
        raise UseNonce(nonces[0])


def token_hash(token: str) -> str:
    """`ath`: the unpadded base64url SHA-256 of an access token."""
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def plain_url(url: str) -> str:
    """Scheme and host in lower case, no default port, no query, no fragment: what `htu` is compared by."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    default = {"https": 443, "http": 80}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{'' if port in (None, default) else f':{port}'}{parts.path or '/'}"


def nonces(secret: bytes, now: int) -> tuple[str, ...]:
    """The nonces that are good now: the one to hand out first, then the one before it."""
    window = now // NONCE_FOR
    return tuple(_nonce(secret, each) for each in (window, window - 1))


def _nonce(secret: bytes, window: int) -> str:
    digest = hmac.new(secret, f"dpop-nonce\0{window}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest[:18]).decode()
