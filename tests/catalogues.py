"""Keeps the catalogues of the pages' languages: `make words`, or `python -m tests.catalogues [--check] [TAG …]`.

The English sentences of `web_verify/words.py` are the source. Each catalogue gets every one of them, in their order;
a translation stays with its key, and is marked fuzzy when the English behind it has changed. Then it says what is left
to translate. `--template FILE` writes an empty catalogue for a new language; `--check` writes nothing.
"""

import argparse
import sys
from io import BytesIO
from pathlib import Path

from babel.dates import get_month_names
from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from tests.catalogue_notes import NOTES
from web_verify.languages import LANGUAGES, Language
from web_verify.words import COUNTED, WORDS

HEAD = """\
# The sentences of the pages in {name} ({tag}). docs/languages.md says how to translate; `make words` keeps it in step.
msgid ""
msgstr ""
"Project-Id-Version: Porchlight\\n"
"Language: {tag}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""


def babel_locale(tag: str) -> str:
    """How Babel names a language."""
    return tag.replace("-", "_")


def kept(language: Language) -> dict[str, Message]:
    """What the catalogue has now, by key."""
    if not language.path.exists():
        return {}
    found = read_po(BytesIO(language.path.read_bytes()), locale=babel_locale(language.tag))
    return {str(message.context): message for message in found if message.id}


def merged(language: Language, old: dict[str, Message]) -> Catalog:
    """Every sentence, with the translations there are."""
    forms = get_plural(babel_locale(language.tag)).num_plurals
    catalog = Catalog(locale=babel_locale(language.tag), fuzzy=False)
    for key, english in (*WORDS.items(), *COUNTED.items()):
        before = old.get(key)
        empty: str | tuple[str, ...] = ("",) * forms if isinstance(english, tuple) else first_words(language, key)
        said = before.string if before is not None and isinstance(before.id, str) == isinstance(english, str) else empty
        if isinstance(said, tuple | list):
            said = (*said, *[""] * forms)[:forms]
        has_changed = before is not None and before.id != english and any(said)
        is_fuzzy = has_changed or (before is not None and before.fuzzy and any(said))
        asked = before.previous_id if before is not None and before.fuzzy and before.id == english else ()
        previous = (before.id if has_changed and before is not None else asked) or ()
        catalog.add(
            english,
            said,
            context=key,
            flags={"python-brace-format", *(["fuzzy"] if is_fuzzy else [])},
            auto_comments=[NOTES[key]] if key in NOTES else (),
            previous_id=(previous,) if isinstance(previous, str) else previous,
        )
    return catalog


def first_words(language: Language, key: str) -> str:
    """The names of the months are known (Unicode CLDR): a translator only looks at them."""
    if not key.startswith("month.") or language.tag == "":
        return ""
    return str(get_month_names("abbreviated", locale=babel_locale(language.tag))[int(key.removeprefix("month."))])


def written(language: Language, catalog: Catalog) -> str:
    """The file, the same for the same sentences."""
    out = BytesIO()
    write_po(out, catalog, width=0, omit_header=True, include_previous=True, sort_output=False)
    plural = get_plural(babel_locale(language.tag)).plural_forms
    return HEAD.format(name=language.name, tag=language.tag, plural=plural) + out.getvalue().decode().strip() + "\n"


def left_to_do(messages: dict[str, Message]) -> list[str]:
    """The keys that have no translation, or one that must be looked at."""
    return [
        key
        for key in (*WORDS, *COUNTED)
        if key not in messages or messages[key].fuzzy or not _is_whole(messages[key].string)
    ]


def _is_whole(said: object) -> bool:
    return all(said) if isinstance(said, tuple | list) else bool(said)


def update(language: Language) -> list[str]:
    """Bring one catalogue into step; what is left to do."""
    text = written(language, merged(language, kept(language)))
    language.path.parent.mkdir(parents=True, exist_ok=True)
    language.path.write_text(text, "utf-8")
    return left_to_do(kept(language))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.catalogues", description=__doc__)
    parser.add_argument("tags", nargs="*", metavar="TAG", help="these languages alone, such as fr pt-BR")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something is left to do")
    parser.add_argument("--template", type=Path, metavar="FILE", help="write an empty catalogue for a new language")
    chosen = parser.parse_args(arguments)
    if chosen.template:
        empty = Language("en", "a new language", folder=Path("/nonexistent"))
        text = written(empty, merged(empty, {}))
        chosen.template.write_text(text, "utf-8")
        return 0
    languages = [each for each in LANGUAGES if each.tag != "en" and (not chosen.tags or each.tag in chosen.tags)]
    total, unfinished = len(WORDS) + len(COUNTED), 0
    for language in languages:
        left = left_to_do(kept(language)) if chosen.check else update(language)
        unfinished += bool(left)
        shown = f": {', '.join(left[:8])}{' …' if len(left) > 8 else ''}" if left else ""
        print(f"{language.tag:8} {total - len(left)} of {total}{shown}")
    return 1 if chosen.check and unfinished else 0


if __name__ == "__main__":
    sys.exit(main())
