"""The device's key: what it signs is what RFC 9449 asks for, and its file is one that any program reads."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from device_agent.key import make_key, read_key
from server.signing.proof import read_proof, thumbprint


def written(key: Any, layout: PrivateFormat, lock: KeySerializationEncryption | None = None) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, layout, lock or NoEncryption())
    return text.decode()


def test_dpop_02_a_proof_is_what_the_server_reads() -> None:
    key = make_key()
    claims: dict[str, object] = {"jti": "j", "htm": "POST", "htu": "https://tv.example/token", "iat": 1_700_000_000}
    text = key.proof(claims)
    assert jwt.get_unverified_header(text) == {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk}
    assert set(key.jwk) == {"kty", "crv", "x", "y"}, "no private part"
    proof = read_proof(text)
    assert (proof.method, proof.url, proof.proof_id) == ("POST", "https://tv.example/token", "j")
    assert proof.jkt == key.thumbprint() == thumbprint(key.jwk)


def test_the_file_is_one_that_every_program_reads(tmp_path: Path) -> None:
    key, file = make_key(), tmp_path / "key.pem"
    file.write_text(key.pem())
    loaded = load_pem_private_key(file.read_bytes(), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    assert key.pem() == written(loaded, PrivateFormat.PKCS8)
    said = subprocess.run(["openssl", "pkey", "-in", str(file), "-check", "-noout"], capture_output=True, check=True)
    assert b"Key is valid" in said.stdout + said.stderr


@pytest.mark.parametrize("layout", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_that_another_program_made_is_taken(layout: PrivateFormat) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    assert read_key(written(private, layout)).pem() == written(private, PrivateFormat.PKCS8)


@given(st.integers(min_value=1, max_value=2**32))
def test_small_numbers_keep_their_leading_zeros(value: int) -> None:
    private = ec.derive_private_key(value, ec.SECP256R1())
    key = read_key(written(private, PrivateFormat.PKCS8))
    assert key.pem() == written(private, PrivateFormat.PKCS8)
    assert read_proof(key.proof({"jti": "j", "htm": "GET", "htu": "u", "iat": 1})).jkt == key.thumbprint()


DAMAGE: dict[str, Callable[[str], str]] = {
    "empty": lambda pem: "",
    "nothing": lambda pem: "nonsense\n",
    "cut off": lambda pem: pem[:100],
    "no end": lambda pem: pem.replace("-----END PRIVATE KEY-----", ""),
    "no base64": lambda pem: pem.replace("MIGH", "M!"),
    "another letter in the private half": lambda pem: pem[:90] + ("A" if pem[90] != "A" else "B") + pem[91:],
    "another letter in the public half": lambda pem: pem[:180] + ("A" if pem[180] != "A" else "B") + pem[181:],
    "zeros": lambda pem: "\0" * 240,
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_key_is_never_used(how: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_key(DAMAGE[how](make_key().pem()))


@pytest.mark.parametrize(
    "pem",
    [
        written(ec.generate_private_key(ec.SECP384R1()), PrivateFormat.PKCS8),
        written(ed25519.Ed25519PrivateKey.generate(), PrivateFormat.PKCS8),
        written(rsa.generate_private_key(65_537, 2_048), PrivateFormat.PKCS8),
        written(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
    ],
    ids=["P-384", "Ed25519", "RSA", "with a password"],
)
def test_a_key_of_another_kind_is_no_key(pem: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        read_key(pem)


def test_the_members_of_the_thumbprint_are_in_the_order_of_the_standard() -> None:
    # RFC 7638 section 3.2 for EC: crv, kty, x, y; computed here by hand.
    key = make_key()
    assert list(json.loads(json.dumps(key.jwk, sort_keys=True))) == ["crv", "kty", "x", "y"]
    assert len(key.thumbprint()) == 43
