"""One-time codes: the vectors of RFC 6238, each code once, and what people type."""

from base64 import b32encode
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.oauth import totp
from server.oauth.factor import Totp
from server.oauth.totp import STEP, WrongCode, code_at, read_code, used

RFC = b32encode(b"12345678901234567890").decode()
NEW = Totp("ana", "", 0)
NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert code_at(RFC, seconds * 1_000 // STEP) == code


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_code_opens_once_and_none_before_it_opens_again(drift: int) -> None:
    code = code_at(RFC, NOW // STEP + drift)
    after = used(NEW, RFC, code, NOW)
    assert (after.is_confirmed, after.last_step, after.last_used_at) == (True, NOW // STEP + drift, NOW)
    for typed in (code, code_at(RFC, NOW // STEP + drift - 1)):
        with pytest.raises(WrongCode):
            used(after, RFC, typed, NOW)


@pytest.mark.parametrize("drift", [-2, 2, 100])
def test_a_code_of_another_time_opens_nothing(drift: int) -> None:
    with pytest.raises(WrongCode):
        used(NEW, RFC, code_at(RFC, NOW // STEP + drift), NOW)


def test_nothing_opens_without_a_secret_or_a_code() -> None:
    for totp_kept, typed in ((None, code_at(RFC, NOW // STEP)), (NEW, ""), (NEW, "12345"), (NEW, "1234567")):
        with pytest.raises(WrongCode):
            used(totp_kept, RFC, typed, NOW)
    with pytest.raises(WrongCode):
        used(replace(NEW, last_step=NOW // STEP + 1), RFC, code_at(RFC, NOW // STEP + 1), NOW)


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "１２３４５６", "١٢٣٤٥٦", "123\u00a0456"])
def test_what_people_type_is_read(typed: str) -> None:
    assert read_code(typed) == "123456"


@given(st.text(max_size=80))
def test_anything_typed_is_six_digits_or_nothing(typed: str) -> None:
    assert read_code(typed) == "" or (read_code(typed).isascii() and len(read_code(typed)) == 6)
    assert totp.read_recovery_code(typed) == "" or len(totp.read_recovery_code(typed)) == 16


def test_recovery_codes_are_ten_different_ones_read_in_any_spelling() -> None:
    codes = totp.draw_recovery_codes()
    assert len({*codes}) == 10
    assert all(len(totp.kept("ana", code).code_hash) == 32 for code in codes)
    assert totp.kept("ana", codes[0]) == totp.kept("ana", f" {codes[0].upper().replace('-', ' ')} ")
    assert totp.kept("ana", codes[0]).code_hash != totp.kept("ben", codes[0]).code_hash


def test_the_square_says_what_code_apps_read() -> None:
    uri = urlsplit(totp.provisioning_uri(RFC, "Our TV & more", "ana@example.com"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query) == {"secret": [RFC], "issuer": ["Our TV & more"]}
    assert len(totp.draw_secret()) == 32
