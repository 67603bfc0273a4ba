"""Two languages that nobody speaks, to see what a translation would meet.

`PSEUDO` (en-XA) is English with accents, in brackets and 40 % longer: what shows up without is in no catalogue, what is
cut lacks a bracket. `MIRROR` (ar-XB) has a letter of Hebrew for each of English: it runs from right to left.
"""

import json
import re
from pathlib import Path

from web_verify.languages import ENGLISH, Language
from web_verify.words import COUNTED, WORDS

PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ACCENTED = "áƀçđéƒğĥíĵķļɱñóþǫŕšţúṽŵẋýžÁƁÇĐÉƑĞĤÍĴĶĻṀÑÓÞǪŔŠŢÚṼŴẊÝŽ"
HEBREW = "אבצדהפגחיזקלמנעטכרסתוואשיזאבצדהפגחיזקלמנעטכרסתוואשיז"
KEPT = re.compile(r"(\{\w+\}|<[^>]+>)")
LONGER = 0.4


def accented(sentence: str) -> str:
    """`Sign in` -> `[Šíĝñ íñ ẋẋẋ]`."""
    return f"[{_mapped(sentence, ACCENTED)}{_more(sentence, 'ẋ')}]"


def mirrored(sentence: str) -> str:
    """As long, from right to left."""
    return f"[{_mapped(sentence, HEBREW)}{_more(sentence, 'ש')}]"


def _mapped(sentence: str, letters: str) -> str:
    table = str.maketrans(PLAIN, letters)
    return "".join(part if KEPT.fullmatch(part) else part.translate(table) for part in KEPT.split(sentence))


def _more(sentence: str, letter: str) -> str:
    length = max(2, round(len(KEPT.sub("", sentence)) * LONGER))
    return "".join(" " + letter * min(6, length - done) for done in range(0, length, 7) if length - done > 0)


def pseudo(folder: Path) -> tuple[Language, ...]:
    """English and both, with their catalogues in `folder`."""
    made = (
        (Language("en-XA", "[Éñĝļíšĥ]", "ltr", folder), accented),
        (Language("ar-XB", "[אנגליש]", "rtl", folder), mirrored),
    )
    for language, change in made:
        lines = ['msgid ""', f"msgstr {_quoted('Plural-Forms: nplurals=2; plural=(n != 1);')}", ""]
        for key, sentence in WORDS.items():
            lines += [
                f"msgctxt {_quoted(key)}",
                f"msgid {_quoted(sentence)}",
                f"msgstr {_quoted(change(sentence))}",
                "",
            ]
        for key, (one, many) in COUNTED.items():
            lines += [f"msgctxt {_quoted(key)}", f"msgid {_quoted(one)}", f"msgid_plural {_quoted(many)}"]
            lines += [f"msgstr[0] {_quoted(change(one))}", f"msgstr[1] {_quoted(change(many))}", ""]
        language.path.parent.mkdir(parents=True)
        language.path.write_text("\n".join(lines), "utf-8")
    return (ENGLISH, *(language for language, _ in made))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
