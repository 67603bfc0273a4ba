"""Every sentence is used, exists, is plain, and every time reads right."""

import re
from pathlib import Path

import pytest

import web_verify
from web_verify import times
from web_verify.look import Look
from web_verify.words import COUNTED, WORDS, say, say_count

ROOM = Path(web_verify.__file__).parent
NOW = 1_772_546_587_000


def test_every_sentence_is_used_and_every_key_exists() -> None:
    sources = [
        path.read_text() for path in (*ROOM.rglob("*.py"), *ROOM.rglob("*.html")) if not path.name.endswith("words.py")
    ]
    text = "\n".join(sources)
    named = set(re.findall(r'["\']([a-z_]+\.[a-z_0-9]+)["\']', text))
    made = {f"{kind}{part}" for kind in re.findall(r'Refused\(\d+, "(\w+)"', text) for part in (".h1", ".body")}
    made |= {
        f"{why}{part}"
        for why in ("wrong", "expired", "used", "denied", "too_many", "blocked")
        for part in (".h1", ".body")
    }
    outcomes = ("ok", "deny", "undone", "sign_up", "reset")
    made |= {f"{outcome}{part}" for outcome in outcomes for part in (".h1", ".body")}
    made |= {"sign_in.empty_username", "sign_in.empty_password", "turned_away.h1", "turned_away.body"}
    known = {*WORDS, *COUNTED}
    assert made <= known
    assert known <= named | made, known - named - made


def test_the_words_are_those_people_use() -> None:
    for sentence in (*WORDS.values(), *(form for forms in COUNTED.values() for form in forms)):
        assert not re.search(r"authenticat|authori[sz]|grant|\bOTP\b|\bPIN\b|!", sentence, re.IGNORECASE), sentence


def test_facts_are_escaped_and_missing_ones_are_noticed() -> None:
    assert say("sign_in.banner", app="<b>") == "To sign in &lt;b&gt;"
    with pytest.raises(KeyError):
        say("sign_in.banner")
    assert say_count("devices.all_go", 1) == "Sign out 1 device"


@pytest.mark.parametrize(
    ("passed", "words"),
    [(-5000, "just now"), (0, "just now"), (1000, "1 second ago"),
     (59_999, "59 seconds ago"), (60_000, "1 minute ago"),
     (3_599_999, "59 minutes ago"), (7_200_000, "2 hours ago"),
     (86_400_000, "1 day ago"), (864_000_000, "10 days ago")],
)  # fmt: skip
def test_a_moment_past_reads_right(passed: int, words: str) -> None:
    assert times.ago(NOW, NOW - passed) == words


@pytest.mark.parametrize(
    ("left", "words"), [(0, "1 second"), (1, "1 second"), (59_001, "60 seconds"), (60_001, "2 minutes")]
)
def test_a_wait_is_rounded_up(left: int, words: str) -> None:
    assert times.wait(left) == words


def test_a_moment_ahead_reads_right() -> None:
    assert times.ahead(NOW, NOW + 599_000) == "in 9 minutes"
    assert times.ahead(NOW, NOW - 1) == "in 1 second"


@pytest.mark.parametrize("prefix", ["t1", "/t1/", "/", "//evil.example"])
def test_a_prefix_that_would_break_links_is_refused_at_start(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        Look("Porchlight", "tv.example.com", prefix)
