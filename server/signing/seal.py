"""What must be kept in a form that can be read again: encrypted where the operator gave a key-encryption secret.

Like the signing keys, it lies open in the storage where there is no such secret.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from hashlib import pbkdf2_hmac
from typing import Final

from server.oauth.store import StorageError

_OPEN: Final = "open:"
_SEALED: Final = "aes256gcm:"
_NONCE: Final = 12
_ROUNDS: Final = 600_000


def seal(text: str, secret: str) -> str:
    """The form to keep. With a secret, some 200 ms the first time: not in the event loop."""
    if not secret:
        return _OPEN + text
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return _SEALED + urlsafe_b64encode(nonce + AESGCM(_key(secret)).encrypt(nonce, text.encode(), None)).decode()


def unseal(sealed: str, secret: str) -> str:
    """The text again. Raises `StorageError` when the secret is not the one it was sealed with."""
    if sealed.startswith(_OPEN):
        return sealed.removeprefix(_OPEN)
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    blob = urlsafe_b64decode(sealed.removeprefix(_SEALED))
    try:
        return AESGCM(_key(secret)).decrypt(blob[:_NONCE], blob[_NONCE:], None).decode()
    except InvalidTag:
        raise StorageError("key_secret does not open what was sealed with it: set it to the secret it was") from None


@lru_cache(maxsize=2)
def _key(secret: str) -> bytes:
    return pbkdf2_hmac("sha256", secret.encode(), b"porchlight seal", _ROUNDS)
