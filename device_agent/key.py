"""The device's key and what it signs: one EC key on P-256, ES256 (RFC 9449 section 4.2, RFC 7518 section 3.4).

`cryptography` (the extra `key`) is loaded here and nowhere else, and of it the EC part alone: reading PEM with it would
cost every start 13 ms more. So the one layout that is written here (PKCS #8, RFC 5958) is read here too.
"""

import json
from binascii import a2b_base64, b2a_base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ALGORITHM = "ES256"
_SIZE = 32
_BEGIN, _END = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
# DER of a P-256 key up to its 32 private bytes, and from there to the point (0x04, x, y) that follows them.
_HEAD = bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420")
_MIDDLE = bytes.fromhex("a14403420004")


def is_available() -> bool:
    """Load what signing needs of `cryptography`, 12 ms that fit into a wait for the network; whether it is here."""
    try:
        from cryptography.hazmat.backends import default_backend
        from cryptography.hazmat.primitives.asymmetric import ec

        default_backend()  # the first signature would load it, when somebody waits
    except ImportError:
        return False
    return ec.SECP256R1.key_size == _SIZE * 8


class Key:
    """A private key that signs. Its public half is `jwk`."""

    def __init__(self, private: "EllipticCurvePrivateKey") -> None:
        public = private.public_key().public_numbers()
        self._private = private
        self._point = public.x.to_bytes(_SIZE, "big") + public.y.to_bytes(_SIZE, "big")
        x, y = unpadded(self._point[:_SIZE]), unpadded(self._point[_SIZE:])
        self.jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        self._head = _part({"typ": "dpop+jwt", "alg": ALGORITHM, "jwk": self.jwk})

    def thumbprint(self) -> str:
        """`jkt`: the SHA-256 thumbprint of the public key (RFC 7638), unpadded base64url."""
        return fingerprint(json.dumps(self.jwk, separators=(",", ":"), sort_keys=True).encode())

    def proof(self, claims: dict[str, object]) -> str:
        """A DPoP proof that says this: a JWT of type dpop+jwt with the public key in its header."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        said = self._head + b"." + _part(claims)
        r, s = utils.decode_dss_signature(self._private.sign(said, ec.ECDSA(hashes.SHA256())))
        return f"{said.decode()}.{unpadded(r.to_bytes(_SIZE, 'big') + s.to_bytes(_SIZE, 'big'))}"

    def pem(self) -> str:
        """The private key as any other program reads it (PKCS #8 in PEM)."""
        value = self._private.private_numbers().private_value.to_bytes(_SIZE, "big")
        text = b2a_base64(_HEAD + value + _MIDDLE + self._point, newline=False).decode()
        rows = [text[at : at + 64] for at in range(0, len(text), 64)]
        return "\n".join([_BEGIN, *rows, _END, ""])


def make_key() -> Key:
    """A new key. Needs `cryptography`."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return Key(ec.generate_private_key(ec.SECP256R1()))


def read_key(pem: str) -> Key:
    """The key of a PEM file. Raises ValueError when it is damaged, or no key on P-256. Needs `cryptography`."""
    from cryptography.hazmat.primitives.asymmetric import ec

    rows = pem.split("\n")
    if rows[0] != _BEGIN or _END not in rows:
        return _read_another(pem)
    der = a2b_base64("".join(rows[1 : rows.index(_END)]))
    if len(der) != len(_HEAD) + len(_MIDDLE) + 3 * _SIZE or not der.startswith(_HEAD):
        return _read_another(pem)
    value, rest = der[len(_HEAD) : len(_HEAD) + _SIZE], der[len(_HEAD) + _SIZE :]
    key = Key(ec.derive_private_key(int.from_bytes(value, "big"), ec.SECP256R1()))
    if rest != _MIDDLE + key._point:
        raise ValueError("its two halves do not belong together")
    return key


def fingerprint(said: bytes) -> str:
    """SHA-256, unpadded base64url: what `jkt` and `ath` are."""
    import hashlib

    return unpadded(hashlib.sha256(said).digest())


def unpadded(raw: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return b2a_base64(raw, newline=False).decode().rstrip("=").replace("+", "-").replace("/", "_")


def _part(said: "dict[str, object]") -> bytes:
    return unpadded(json.dumps(said, separators=(",", ":")).encode()).encode()


def _read_another(pem: str) -> Key:
    """A key that another program wrote: the whole library may read it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem.encode(), None)
    except (UnsupportedAlgorithm, TypeError) as error:  # TypeError: it has a password
        raise ValueError("it is no key that can be used here") from error
    if not isinstance(private, EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise ValueError("it is no key on P-256")
    return Key(private)
