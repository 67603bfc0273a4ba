"""Signing keys: which one signs, which are published, and that a stolen database does not hold them in the clear."""

import jwt
import pytest

from server.oauth.access import Access
from server.signing.access_token import InvalidToken, Mint
from server.signing.keys import ALGORITHMS, Algorithm, KeyLocked, KeyRing, draw_key, is_locked, locked, unpack

NOW = 1_800_000_000_000
ISSUER, AUDIENCE = "https://tv.example.com", "https://tv.example.com/api"
SECRET = "a key-encryption secret"


def access(**changes: object) -> Access:
    said: dict[str, object] = {
        "token_id": "1",
        "family_id": "f",
        "account_id": "ana",
        "client_id": "tv",
        "device_id": "d",
        "scopes": ("profile",),
        "auth_time": NOW,
        "issued_at": NOW,
        "expires_at": NOW + 900_000,
        "audience": (AUDIENCE,),
    }
    return Access(**(said | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_jat_01_a_token_is_signed_and_verified_by_anybody_with_the_jwk_set(algorithm: Algorithm) -> None:
    ring = KeyRing([draw_key(algorithm, NOW, NOW, SECRET)], SECRET)
    mint = Mint(ring, ISSUER, AUDIENCE, algorithm)
    token = mint.sign(access())
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", algorithm)
    jwk = next(jwk for jwk in ring.jwks(NOW)["keys"] if jwk["kid"] == header["kid"])
    assert not {"d", "p", "q", "k", "dp", "dq", "qi"} & jwk.keys()
    key = jwt.PyJWK(jwk).key
    options = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, key, [algorithm], audience=AUDIENCE, issuer=ISSUER, options=options)
    assert claims["sub"] == "ana"
    assert mint.check(token, NOW) == access()


def test_jat_03_a_token_is_refused_when_expired_foreign_or_for_another_api() -> None:
    mint = Mint(KeyRing([draw_key("ES256", NOW, NOW)]), ISSUER, AUDIENCE)
    other = Mint(KeyRing([draw_key("ES256", NOW, NOW)]), ISSUER, AUDIENCE)
    for token, now in (
        (mint.sign(access()), NOW + 900_000),
        (other.sign(access()), NOW),
        (mint.sign(access(audience=("https://other.example",))), NOW),
        ("garbage", NOW),
        (jwt.encode({"iss": ISSUER}, "x" * 32, algorithm="HS256", headers={"typ": "at+jwt"}), NOW),
        (jwt.encode({"iss": ISSUER}, None, algorithm="none", headers={"typ": "at+jwt"}), NOW),
    ):
        with pytest.raises(InvalidToken):
            mint.check(token, now)


def test_key_01_a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_dead() -> None:
    old = draw_key("ES256", NOW, NOW)
    new = draw_key("ES256", NOW + 1_000, NOW + 600_000)
    ring = KeyRing([new, old])
    assert ring.signing("ES256", NOW + 599_999).kept == old
    assert ring.signing("ES256", NOW + 600_000).kept == new
    assert {jwk["kid"] for jwk in ring.jwks(NOW + 1_000)["keys"]} == {old.key_id, new.key_id}


def test_a_key_is_kept_encrypted_when_there_is_a_secret() -> None:
    key = draw_key("ES256", NOW, NOW, SECRET)
    assert is_locked(key)
    assert unpack(key, SECRET).kept == key
    for wrong in ("", "another secret of ours"):
        with pytest.raises(KeyLocked, match="key_secret"):
            unpack(key, wrong)


def test_a_key_from_before_the_secret_is_encrypted_and_stays_the_same_key() -> None:
    key = draw_key("EdDSA", NOW, NOW)
    kept = locked(key, SECRET)
    assert is_locked(kept)
    assert locked(kept, SECRET) == kept
    assert KeyRing([kept], SECRET).jwks(NOW) == KeyRing([key]).jwks(NOW)
    assert KeyRing([kept], SECRET).nonce_secret == KeyRing([key]).nonce_secret
