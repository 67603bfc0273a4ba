"""How hard a text is to read: the grade of Flesch and Kincaid, the school year in which it is understood.

Syllables are counted by the letters, with the usual corrections of English spelling; the test beside it holds the
counter to words whose syllables are known.
"""

import re

_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
_END = re.compile(r"[.!?:](?:\s|$)")
# Vowels that are spoken apart though they stand together.
_APART = re.compile(r"ia(?!l$|r)|io(?!n)|iu|eo(?!p)|eate|ual$|ea$|[aeiou]ing|ying|iet|ience|rial$|erial$|trial$")
# Letters that are written and not spoken.
_SILENT = re.compile(
    r"(?<=[^aeiouy])(?<![bcdfgkpstz]l)e$|(?<=[^aeiouydtscxzg])(?<!sh)(?<!ch)(?<![bcdfgkpstz]l)es$|(?<=t|d)es$"
    r"|(?<=[^aeioudt])ed$|(?<=k|v|r)e(?=ly$|ment$)"
)
_WHOLE = {"the": 1, "he": 1, "she": 1, "me": 1, "we": 1, "be": 1, "somebody": 3, "everybody": 4, "everywhere": 3,
          "sometimes": 2, "something": 2, "someone": 2, "anyone": 3, "whoever": 3, "every": 2, "area": 3}  # fmt: skip


def syllables(word: str) -> int:
    """At least one."""
    low = re.sub("[^a-z]", "", word.lower())
    spoken = _SILENT.sub("", low)
    return _WHOLE.get(low) or max(1, len(re.findall("[aeiouy]+", spoken)) + len(_APART.findall(low)))


def grade(text: str) -> float:
    """The grade of a text of whole sentences."""
    words = _WORD.findall(text)
    sentences = max(1, len(_END.findall(text)))
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / max(1, len(words)) - 15.59


def word_count(text: str) -> int:
    return len(_WORD.findall(text))
