"""The languages of the pages, and which one answers a person (RFC 9110 section 12.5.4, RFC 4647 section 3.4).

A language whose catalogue is not whole is not offered to anybody: half a page in one's own language helps nobody to
decide. `COMPLETE` names those that are, and a test holds each of them to that.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

LOCALES: Final = Path(__file__).parent / "locales"
MOST_ASKED: Final = 20  # of the languages that one header names, and no more of them
LONGEST_HEADER: Final = 1_000
_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}")
_QUALITY: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class Language:
    """`tag` as BCP 47 writes it, `name` as its own speakers write it. `folder` has a folder for each language."""

    tag: str
    name: str
    direction: Literal["ltr", "rtl"] = "ltr"
    folder: Path = LOCALES

    @property
    def path(self) -> Path:
        """The file of its catalogue."""
        return self.folder / self.tag / "LC_MESSAGES" / "web_verify.po"


ENGLISH: Final = Language("en", "English")
LANGUAGES: Final = (
    ENGLISH,
    Language("es", "Español"),
    Language("fr", "Français"),
    Language("de", "Deutsch"),
    Language("it", "Italiano"),
    Language("pt-BR", "Português (Brasil)"),
    Language("nl", "Nederlands"),
    Language("pl", "Polski"),
    Language("tr", "Türkçe"),
    Language("ja", "日本語"),
    Language("ko", "한국어"),
    Language("zh-Hans", "简体中文"),
    Language("ar", "العربية", "rtl"),
    Language("he", "עברית", "rtl"),
)
COMPLETE: Final = ("en", "es", "fr", "de", "it", "pt-BR", "nl", "pl", "tr", "ja", "ko", "zh-Hans", "ar", "he")
OFFERED: Final = tuple(language for language in LANGUAGES if language.tag in COMPLETE)

# What people's phones call them -> what we do. Simplified characters are what the mainland and Singapore read.
_ALSO: Final = {"iw": "he", "pt": "pt-br", "zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans", "zh-my": "zh-hans"}
# Whoever reads traditional characters is better served by their next language than by the other script.
_TRADITIONAL: Final = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


def asked_in(header: str) -> tuple[str, ...]:
    """The tags of an Accept-Language header, the dearest first; what is no tag, is refused (q=0) or `*` is left out."""
    ranked = []
    for place, part in enumerate(header[:LONGEST_HEADER].split(",")[:MOST_ASKED]):
        tag, _, parameter = (each.strip() for each in part.partition(";"))
        name, _, value = (each.strip() for each in parameter.partition("="))
        if _TAG.fullmatch(tag) is None or (parameter and (name.lower() != "q" or _QUALITY.fullmatch(value) is None)):
            continue
        quality = float(value) if parameter else 1.0
        if quality > 0:
            ranked.append((-quality, place, tag))
    return tuple(tag for _, _, tag in sorted(ranked))


def choose(tags: Iterable[str], offered: Sequence[Language]) -> Language | None:
    """The first of `tags` that is offered, or whose parent is (`es-MX` is answered in `es`); None: none of them.

    A bare `zh` behind `zh-TW` repeats that wish, as browsers do, and is no wish for the other script.
    """
    known = {language.tag.lower(): language for language in offered}
    reads_traditional = False
    for tag in tags:
        wanted = tag.lower().replace("_", "-")
        if wanted.startswith(_TRADITIONAL):
            reads_traditional = True
        elif not (reads_traditional and wanted == "zh"):
            for parent in _parents(wanted):
                found = known.get(parent) or known.get(_ALSO.get(parent, ""))
                if found is not None:
                    return found
    return None


def named(tag: str) -> Language:
    """The language of this tag, English for one that is not offered (any more)."""
    return choose((tag,), OFFERED) or ENGLISH


def _parents(tag: str) -> list[str]:
    """The tag, then shorter and shorter ones."""
    parts = tag.split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
