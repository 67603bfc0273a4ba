"""The code that a person tells an app so that it may ask them on their phone (CIBA Core section 7.1, `user_code`).

It is short, so it is kept under scrypt, and guesses are counted before it is compared.
"""

import hashlib
import hmac
import secrets
from typing import Final

SHORTEST: Final = 4
LONGEST: Final = 64
_COST: Final = {"n": 2**14, "r": 8, "p": 5}  # 16 MB and some 200 ms of one core: never in the event loop


def hash_code(code: str) -> str:
    """The form in which a code is kept: salt and hash, in hex."""
    return _hashed(code, secrets.token_bytes(16))


def is_code(code: str, code_hash: str) -> bool:
    """Whether the code is the one that was hashed. Takes as long when there is none (`code_hash` "")."""
    salt = code_hash.partition("$")[0] or "00"
    return hmac.compare_digest(_hashed(code, bytes.fromhex(salt)), code_hash)


def _hashed(code: str, salt: bytes) -> str:
    return f"{salt.hex()}${hashlib.scrypt(code.encode(), salt=salt, **_COST, maxmem=2**26).hex()}"
