"""DPoP proofs as they arrive: form, algorithm, signature, thumbprint (RFC 9449 section 4.3, RFC 7638)."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import get_default_algorithms

from server.oauth.proof import InvalidProof
from server.signing.proof import read_proof, thumbprint

KEYS: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
}
CLAIMS = {"jti": "1", "htm": "POST", "htu": "https://tv.example.com/token", "iat": 1_800_000_000}


def public_jwk(algorithm: str) -> dict[str, Any]:
    text = get_default_algorithms()[algorithm].to_jwk(KEYS[algorithm].public_key())
    jwk: dict[str, Any] = json.loads(text) if isinstance(text, str) else text
    jwk.pop("key_ops", None)
    return jwk


def made(algorithm: str = "ES256", claims: dict[str, Any] | None = None, **header: Any) -> str:
    headers = {"typ": "dpop+jwt", "jwk": public_jwk(algorithm)} | header
    return jwt.encode(CLAIMS if claims is None else claims, KEYS[algorithm], algorithm=algorithm, headers=headers)


@pytest.mark.parametrize("algorithm", KEYS)
def test_dpop_02_a_good_proof_is_read(algorithm: str) -> None:
    proof = read_proof(made(algorithm))
    assert proof.jkt == thumbprint(public_jwk(algorithm))
    assert (proof.method, proof.url, proof.issued_at) == ("POST", CLAIMS["htu"], 1_800_000_000_000)


def test_the_thumbprint_of_rfc_7638_section_3_1() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok"
        "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
        "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa"
        "pJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    "text",
    [
        made(typ="JWT"),
        made(typ=None),
        made(jwk=None),
        made(jwk={"kty": "EC"}),
        made(jwk=public_jwk("ES256") | {"d": "AAAA"}),
        made(jwk=public_jwk("EdDSA")),
        made(jwk={"kty": "oct", "k": "c2VjcmV0"}),
        made(jwk="https://evil.example/key"),
        *(made(claims={name: value for name, value in CLAIMS.items() if name != missing}) for missing in CLAIMS),
        made(claims=CLAIMS | {"jti": 7}),
        made(claims=CLAIMS | {"iat": "soon"}),
        made(claims=CLAIMS | {"iat": 1e400}),
        made()[:-4] + "AAAA",
        jwt.encode(CLAIMS, "x" * 32, algorithm="HS256", headers={"typ": "dpop+jwt", "jwk": public_jwk("ES256")}),
        jwt.encode(CLAIMS, None, algorithm="none", headers={"typ": "dpop+jwt", "jwk": public_jwk("ES256")}),
        "",
        "a.b.c",
        "x" * 9_000,
    ],
)
def test_dpop_02_any_other_is_refused(text: str) -> None:
    with pytest.raises(InvalidProof):
        read_proof(text)


def test_dpop_02_a_short_rsa_key_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    jwk = json.loads(get_default_algorithms()["RS256"].to_jwk(short.public_key()))
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        text = jwt.encode(CLAIMS, short, algorithm="RS256", headers={"typ": "dpop+jwt", "jwk": jwk})
    with pytest.raises(InvalidProof):
        read_proof(text)


def test_dpop_02_a_key_that_takes_ages_to_verify_is_refused_unread() -> None:
    jwk = public_jwk("RS256")
    for huge in ({"e": jwk["n"]}, {"n": jwk["n"] * 3}):
        with pytest.raises(InvalidProof, match="4096 bits"):
            read_proof(made("RS256", jwk=jwk | huge))


@pytest.mark.parametrize("text", ["\ud801", "a\0b"])
def test_dpop_02_text_that_no_storage_can_keep_is_refused(text: str) -> None:
    for name in ("jti", "htm", "htu", "nonce", "ath"):
        with pytest.raises(InvalidProof):
            read_proof(made(claims=CLAIMS | {name: text}))


@given(st.text(max_size=200))
def test_any_text_is_a_proof_or_refused(text: str) -> None:
    with pytest.raises(InvalidProof):
        read_proof(text)
