"""Every sentence is used, exists, is plain, and every time reads right."""

import re
from pathlib import Path
from typing import get_args

import pytest

import web_verify
from server.settings import SCOPES
from tests.reading import grade, syllables, word_count
from web_verify import times
from web_verify.desk import NotTold
from web_verify.look import Look
from web_verify.scope_words import SCOPE_WORDS
from web_verify.words import COUNTED, WORDS, say, say_count

ROOM = Path(web_verify.__file__).parent
NOW = 1_772_546_587_000
SYLLABLES = {
    1: "signed stopped changed shows here where squares name codes made type whole real once else these there have "
    "tries square eyes used one phone page choose",
    2: "device service waited account changes address minute because closes little table password being apple boxes "
    "opened listed going trying movement quiet create language before compare allowed places stolen cookies",
    3: "devices messages somebody area idea video registered decided usual everywhere",
    4: "authenticate material everybody",
}


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
    outcomes = ("ok", "deny", "undone", "sign_up", "reset", "shared", "mismatch", "reported", "far", "same_browser")
    made |= {f"{outcome}{part}" for outcome in outcomes for part in (".h1", ".body")}
    made |= {"deny.next", "undone.next", "mismatch.next", "reported.next", "far.ask", "same_browser.ask"}
    made |= {key for key in WORDS if key.startswith(("month.", "scope."))}
    made |= {"sign_in.empty_username", "sign_in.empty_password", "turned_away.h1", "turned_away.body"}
    made |= {f"provider.{why}" for why in get_args(NotTold)}
    known = {*WORDS, *COUNTED}
    assert made <= known
    assert known <= named | made, known - named - made


def test_a_child_of_twelve_can_read_every_sentence() -> None:
    """The grade of Flesch and Kincaid: 6 at most where there is enough to measure, short words in the rest."""
    texts = {key: re.sub(r"<[^>]+>", "", re.sub(r"\{\w+\}", "Ana", said)) for key, said in WORDS.items()}
    hard = {key: round(grade(text), 1) for key, text in texts.items() if word_count(text) >= 6 and grade(text) > 6}
    assert hard == {}
    assert [word for text in texts.values() for word in text.split() if "@" not in word and syllables(word) > 4] == []
    assert grade(" ".join(text.rstrip(".") + "." for text in texts.values())) < 3


def test_syllables_are_counted_as_they_are_spoken() -> None:
    for count, words in SYLLABLES.items():
        assert {word: syllables(word) for word in words.split()} == dict.fromkeys(words.split(), count)


def test_the_built_in_scopes_have_one_sentence_not_two() -> None:
    assert {key.removeprefix("scope."): said for key, said in SCOPE_WORDS.items()} == SCOPES


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
