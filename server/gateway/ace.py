"""The method `ace`: what its authentication data holds, and what is signed (RFC 9431 section 2.2.4.2)."""

import os
from dataclasses import dataclass, field
from typing import Final

from server.broker.port import Admission, Challenge, Response
from server.oauth.proof import InvalidProof
from server.signing.challenge import signer

NONCE: Final = 8  # bytes, the broker's and the client's
# Where the public key stands beside the signature: our tokens name their key by its thumbprint alone (`cnf.jkt`).
PROPERTY: Final = "jwk"
JWT_BEGINS: Final = b"ey"  # as a length it would be 25,977 bytes, more than a CONNECT may have


class Malformed(Exception):
    """The authentication data is not what the method says; the words are safe to send."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a challenge waits for: a signature by the key of this thumbprint, for this token of this session."""

    token: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    jkt: str
    admission: Admission | None  # of the session that is re-authenticated


def token_in(data: bytes | None) -> bytes:
    """The token of an authentication data that begins a challenge: its two-byte length and itself, or itself alone."""
    if not data:
        raise Malformed("send the access token as authentication data")
    if data[:2] == JWT_BEGINS:
        return data
    length = int.from_bytes(data[:2], "big")
    if len(data) - 2 < length or not length:
        raise Malformed("authentication data is the length of the token in two bytes, and the token")
    if len(data) - 2 > length:
        raise Malformed("a proof over the TLS exporter is not taken here: send the token alone, and sign the challenge")
    return data[2:]


def challenge(token: bytes, jkt: str, admission: Admission | None) -> Challenge:
    """A fresh nonce to sign; it is good for one response."""
    nonce = os.urandom(NONCE)
    return Challenge(nonce, Held(token, nonce, jkt, admission))


def proves(held: Held, response: Response) -> bool:
    """Whether the response is the client's nonce and a signature over ours and it, by the key that the token names."""
    keys = [value for name, value in response.user_properties if name == PROPERTY]
    nonce, signature = response.data[:NONCE], response.data[NONCE:]
    try:
        return len(keys) == 1 and signer(keys[0], held.nonce + nonce, signature) == held.jkt
    except InvalidProof:
        return False
