"""What a DPoP proof must say, and nonces without memory (RFC 9449 sections 4.3 and 8)."""

from dataclasses import replace

import pytest

from server.oauth import proof
from server.oauth.proof import InvalidProof, Proof, UseNonce

NOW = 1_800_000_000_000
URL = "https://tv.example.com/token"
GOOD = Proof("thumb", "id-1", "POST", URL, NOW)


def check(shown: Proof, **more: object) -> None:
    proof.check(shown, **({"method": "POST", "url": URL, "now": NOW} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "shown",
    [
        GOOD,
        replace(GOOD, url="HTTPS://TV.example.com:443/token"),
        replace(GOOD, url=URL + "?x=1#y"),
        replace(GOOD, issued_at=NOW + 5_000),
        replace(GOOD, issued_at=NOW - 59_000),
    ],
)
def test_dpop_03_and_04_a_proof_for_this_request_made_now_is_good(shown: Proof) -> None:
    check(shown)


@pytest.mark.parametrize(
    "shown",
    [
        replace(GOOD, method="GET"),
        replace(GOOD, method="post"),
        replace(GOOD, url="https://tv.example.com/revoke"),
        replace(GOOD, url="http://tv.example.com/token"),
        replace(GOOD, url="https://tv.example.com:8443/token"),
        replace(GOOD, url="https://tv.example.com:port/token"),
        replace(GOOD, issued_at=NOW - 600_000),
        replace(GOOD, issued_at=NOW + 600_000),
        replace(GOOD, proof_id=""),
        replace(GOOD, proof_id="x" * 257),
    ],
)
def test_dpop_03_and_04_any_other_proof_is_refused(shown: Proof) -> None:
    with pytest.raises(InvalidProof):
        check(shown)


def test_dpop_12_a_proof_shown_with_a_token_names_that_token() -> None:
    check(replace(GOOD, token_hash=proof.token_hash("token")), token="token")
    for other in (None, proof.token_hash("another"), "é"):
        with pytest.raises(InvalidProof):
            check(replace(GOOD, token_hash=other), token="token")


def test_dpop_09_and_10_where_nonces_are_demanded_no_proof_goes_without() -> None:
    nonces = proof.nonces(b"secret", NOW)
    for nonce in nonces:
        check(replace(GOOD, nonce=nonce), nonces=nonces)
    for nonce in (None, "", "made-up", proof.nonces(b"other", NOW)[0]):
        with pytest.raises(UseNonce):
            check(replace(GOOD, nonce=nonce), nonces=nonces)


def test_a_nonce_is_good_for_one_window_more_and_then_no_longer() -> None:
    first = proof.nonces(b"secret", NOW)[0]
    assert first in proof.nonces(b"secret", NOW + proof.NONCE_FOR)
    assert first not in proof.nonces(b"secret", NOW + 2 * proof.NONCE_FOR)
