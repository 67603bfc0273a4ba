"""Which passwords may be chosen: the law, and a list of stolen ones that is searched in its file."""

import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.desk.breached import Breached
from server.desk.browser import browser_name
from server.desk.passwords import hash_password, verify_password
from server.oauth.email_address import tidy_email
from server.oauth.password import fault_of
from server.settings import SettingsError

STOLEN = sorted({f"{word}{n}" for word in ("password", "letmein", "Zebra", "ünïcode", "x y") for n in range(400)})
PLAIN = b"".join(word + b"\n" for word in sorted(word.encode() for word in STOLEN))


def hashes(digits: int, ending: str = ":3") -> bytes:
    lines = sorted(hashlib.sha1(word.encode()).hexdigest().upper()[:digits] + ending for word in STOLEN)
    return "\r\n".join(lines).encode()  # as the downloader writes them; no line end after the last


@pytest.mark.parametrize("content", [PLAIN, PLAIN.rstrip(b"\n"), hashes(40), hashes(40, ""), hashes(16)])
def test_every_stolen_password_is_found_and_no_other(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)
    breached = Breached(str(path))
    assert [word for word in STOLEN if word not in breached] == []
    assert [
        word for word in ("", "password", "zzzz", "!", "Zebra", "password0x", "\n", "letmein1\n") if word in breached
    ] == []


@given(words=st.sets(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1), min_size=1))
def test_a_list_of_any_words_is_searched_right(tmp_path_factory: pytest.TempPathFactory, words: set[str]) -> None:
    path = tmp_path_factory.mktemp("lists") / "list"
    path.write_bytes(b"\n".join(sorted(word.encode() for word in words)))
    breached = Breached(str(path))
    assert all(word in breached for word in words)
    assert all((word + "?") in words or (word + "?") not in breached for word in words)


def test_a_list_in_no_order_and_a_file_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    shuffled = list(STOLEN)
    random.Random(1).shuffle(shuffled)
    (tmp_path / "list").write_text("\n".join(shuffled))
    for path, words in (("list", "is not sorted by bytes"), ("none", "cannot be read"), ("", "cannot be read")):
        with pytest.raises(SettingsError, match=f"^breached_passwords: .*{words}"):
            Breached(str(tmp_path / path))


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("fourteen chars", "short"),
        ("fifteen chars ok", None),
        ("パスワードはとても長いものですよね", None),
        ("x" * 1_025, "long"),
        ("ababababababababab", "known"),
        ("ana.ruiz-Porchlight", "name"),
        ("ANA.RUIZ ana.ruiz ana.ruiz", "name"),
        ("ana.ruiz has a dog", None),
    ],
)
def test_a_password_is_long_and_no_name(password: str, fault: str | None) -> None:
    assert fault_of(password, shortest=15, names=("ana.ruiz", "Ana Ruiz", "Porchlight", "")) == fault


def test_a_letter_typed_in_two_ways_is_one_letter() -> None:
    assert verify_password(hash_password("caf\u00e9 and a long rest"), "cafe\u0301 and a long rest")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana@Example.COM ", "ana@example.com"),
        ("o'neil+tv@mail.example.co.uk", "o'neil+tv@mail.example.co.uk"),
        ("ana@localhost", "ana@localhost"),
        *((bad, "") for bad in (
            "", "ana", "@example.com", "ana@", "a@b@c", "a b@example.com", "ana@exa mple.com", "ana@-example.com",
            "ana@example..com", ".ana@example.com", "ana@example.com\r\nBcc: x", "<ana@example.com>",
            '"a b"@example.com',
            "änä@example.com", "ana@example.com,ben@example.com", "x" * 65 + "@example.com", "a@" + "b" * 254,
            "=?utf-8?q?ana?=@example.com",
        )),
    ],
)  # fmt: skip
def test_an_address_is_kept_in_one_form_or_not_at_all(typed: str, kept: str) -> None:
    assert tidy_email(typed) == kept


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/1 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/150.0 Safari/537.36", "Chrome on Mac"),
        ("Mozilla/5.0 (Linux; Android 16) SamsungBrowser/30.0 Chrome/150 Mobile", "Samsung Internet on Android"),
        ("curl/8.0", ""),
        ("<script>alert(1)</script> Linux", "Linux"),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_words_that_a_person_knows(agent: str, name: str) -> None:
    assert browser_name(agent) == name
