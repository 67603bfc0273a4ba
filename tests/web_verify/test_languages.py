"""Which language answers whom, what a catalogue must hold, and that the sheet knows no left and right."""

import json
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from babel.dates import format_date
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import web_verify
from tests import catalogues
from tests.pseudo import accented, pseudo
from tests.web_verify.porch import Porch, Street, app
from web_verify import times
from web_verify.catalogue import catalogue, read
from web_verify.languages import COMPLETE, LANGUAGES, OFFERED, Language, asked_in, choose
from web_verify.stylesheet import SOURCE
from web_verify.words import COUNTED, WORDS, say, say_count, speaking

CASES = json.loads((Path(__file__).parents[1] / "cases/languages.json").read_text())
TRANSLATED = [language for language in LANGUAGES if language.tag != "en"]
PLACEHOLDER = re.compile(r"\{\w+\}")
PHYSICAL = re.compile(
    r"(?:margin|padding|border|inset)-(?:left|right|top|bottom)|(?<![-\w])(?:left|right|top|bottom)\s*:|(?:float|clear|text-align)\s*:\s*(?:left|right)"
    r"|(?<![-\w])(?:width|height|min-width|max-width|min-height|max-height)\s*:|border-(?:top|bottom)-(?:left|right)"
)


@pytest.mark.parametrize(("header", "answered"), CASES["accept_language"], ids=lambda value: str(value)[:40])
def test_the_phones_language_is_the_one_that_answers(header: str, answered: str | None) -> None:
    found = choose(asked_in(header), LANGUAGES)
    assert (found.tag if found else None) == answered


@given(st.text(max_size=2_000) | st.from_regex(r"([a-zA-Z-]{1,9}(;q=[0-9.]{1,5})?,? ?){1,30}", fullmatch=True))
def test_no_header_is_an_error(header: str) -> None:
    assert len(asked_in(header)) <= 20
    choose(asked_in(header), LANGUAGES)


@pytest.fixture
def polyglot(porch: Porch, street: tuple[Street, str], tmp_path: Path) -> Porch:
    look = replace(porch.look, languages=pseudo(tmp_path))
    street[0].app = app(porch.desk, look)
    return replace(porch, look=look)


def test_the_address_comes_before_the_cookie_and_the_cookie_before_the_phone(polyglot: Porch) -> None:
    phone, said = polyglot.visitor(), accented("Connect a device")
    speaks = {"Accept-Language": "ar-XB"}
    page = phone.open("/device", headers=speaks)
    assert (page.headers["content-language"], 'dir="rtl"' in page.text) == ("ar-XB", True)
    assert page.headers["vary"] == "accept-language, cookie"
    assert "porchlight_language" not in phone.cookies
    page = phone.open("/device?lang=en-XA", headers=speaks)
    assert (page.headers["content-language"], said in page.text) == ("en-XA", True)
    page = phone.open("/device", headers=speaks)
    assert page.headers["content-language"] == "en-XA"
    page = phone.open("/nowhere?lang=en", headers=speaks)  # a page that says no can be read, too
    assert (page.status_code, page.headers["content-language"]) == (404, "en")


@pytest.mark.parametrize("lang", ["", "xx", "en-XA-", "../../etc/passwd", "%00", "x" * 9000, "en-XA&lang=ar-XB"])
def test_a_tag_that_is_none_is_passed_over(polyglot: Porch, lang: str) -> None:
    page = polyglot.visitor().open(f"/device?lang={lang}", headers={"Accept-Language": "ar-XB"})
    assert page.status_code == 200
    assert page.headers["content-language"] in ("ar-XB", "en-XA")


def test_the_switch_keeps_what_the_page_was_asked(polyglot: Porch) -> None:
    phone = polyglot.visitor()
    form = (
        phone.open("/sign-in?code=WDJBMJHT&lang=en").text.partition('class="languages"')[2].partition("</details>")[0]
    )
    assert '<form method="get">' in form
    assert '<input type="hidden" name="code" value="WDJBMJHT">' in form
    assert re.findall('name="lang" value="([^"]+)"', form) == ["en", "en-XA", "ar-XB"]
    wrong = phone.submit("/device", ("user_code", "")).text
    assert '<form method="get">' in wrong.partition('class="languages"')[2]  # the page has its own address
    nowhere = phone.submit("/devices/none/sign-out").text
    assert nowhere == "" or 'action="/device"' in nowhere.partition('class="languages"')[2]


def test_one_language_needs_no_switch(porch: Porch, street: tuple[Street, str]) -> None:
    street[0].app = app(porch.desk, replace(porch.look, languages=LANGUAGES[:1]))
    page = porch.visitor().open("/device?lang=fr", headers={"Accept-Language": "fr"})
    assert 'class="languages"' not in page.text
    assert (page.headers["content-language"], len(page.cookies.get("porchlight_language", ""))) == ("en", 0)


# What a catalogue must hold


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda language: language.tag)
def test_what_is_translated_keeps_its_placeholders_and_marks(language: Language) -> None:
    for key, message in catalogues.kept(language).items():
        if key not in WORDS and key not in COUNTED:
            continue
        english = COUNTED[key] if key in COUNTED else (WORDS[key],)
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.fuzzy or not all(said):
            continue
        facts, marks = set(PLACEHOLDER.findall(english[-1])), sorted(re.findall("<[^>]+>", english[-1]))
        for form in said:
            missing = facts - set(PLACEHOLDER.findall(form))
            may_leave_out = {"{n}"} if key in COUNTED and form != said[-1] else set()  # "an hour ago"
            assert missing <= may_leave_out, (key, form)
            assert set(PLACEHOLDER.findall(form)) <= facts, (key, form)
            assert sorted(re.findall("<[^>]+>", form)) == marks, (key, form)
            assert not re.search(r'["<>&{}]', re.sub(r"<[^>]+>|\{\w+\}", "", form)), (key, form)
            assert form == form.strip(), (key, form)
            assert not re.search(r"[!！\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", form), (key, form)


@pytest.mark.parametrize("tag", [tag for tag in COMPLETE if tag != "en"] or ["es"])
def test_a_language_that_is_offered_says_everything(tag: str) -> None:
    language = next(language for language in LANGUAGES if language.tag == tag)
    if tag not in COMPLETE:
        assert language not in OFFERED
        return
    assert catalogues.left_to_do(catalogues.kept(language)) == [], "translate these, then make words"
    text = language.path.read_text("utf-8")
    assert catalogues.written(language, catalogues.merged(language, catalogues.kept(language))) == text, "make words"


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda language: language.tag)
def test_every_catalogue_is_read_as_babel_reads_it(language: Language) -> None:
    ours, theirs = catalogue(language.path), read_po(BytesIO(language.path.read_bytes()))
    whole = [each for each in theirs if each.id and not each.fuzzy]
    assert ours.sentences == {str(m.context): m.string for m in whole if isinstance(m.id, str) and m.string}
    counted = {str(m.context): tuple(m.string) for m in whole if not isinstance(m.id, str) and all(m.string)}
    assert ours.counted == counted
    rule = catalogues.get_plural(catalogues.babel_locale(language.tag))
    assert all(0 <= ours.form(number) < rule.num_plurals for number in range(200))


def test_what_is_fuzzy_or_empty_is_said_in_english() -> None:
    text = (
        'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=n>1;\\n"\n\n#, fuzzy\nmsgctxt "a"\nmsgid "A"\nmsgstr "B"\n'
    )
    text += '\nmsgctxt "b"\nmsgid "A"\nmsgstr ""\n"C \\"d\\" \\\\ \\n"\n"e"\n'
    text += '\n#~ msgctxt "c"\n#~ msgid "x"\n#~ msgstr "y"\n'
    found = read(text)
    assert (found.sentences, found.counted) == ({"b": 'C "d" \\ \ne'}, {})
    assert [found.form(number) for number in (0, 1, 2)] == [0, 0, 1]


def test_a_changed_sentence_must_be_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = Language("pl", "Polski", folder=tmp_path)
    catalogues.update(language)
    filled = language.path.read_text().replace(
        'msgid "Connect a device"\nmsgstr ""', 'msgid "Connect a device"\nmsgstr "P"'
    )
    language.path.write_text(filled)
    assert "enter.h1" not in catalogues.update(language)
    monkeypatch.setitem(WORDS, "enter.h1", "Connect your device")
    assert "enter.h1" in catalogues.update(language)
    assert '#| msgid "Connect a device"' in language.path.read_text()
    assert "enter.h1" in catalogues.update(language)  # until somebody has looked
    language.path.write_text(language.path.read_text().replace("#, fuzzy\n", ""))
    assert "enter.h1" not in catalogues.update(language)


def test_days_and_numbers_are_said_in_the_language(tmp_path: Path) -> None:
    _, strange, _ = pseudo(tmp_path)
    with speaking(strange):
        assert say_count("devices.all_go", 1).startswith("[Šíğñ óúţ 1 đéṽíçé ")
        assert "[Ɓáçķ" not in say("back.code")
        assert times.day(1_772_546_587_000).startswith("[3 [Ṁáŕ")
    assert times.day(1_772_546_587_000) == "3 Mar 2026"


@pytest.mark.parametrize("language", [language for language in OFFERED if language.tag != "en"] or [LANGUAGES[0]])
def test_a_date_has_its_day_month_and_year(language: Language) -> None:
    with speaking(language):
        days = [times.day(1_767_960_000_000 + month * 2_629_800_000) for month in range(12)]
    assert len(set(days)) == 12
    assert all("2026" in day for day in days)
    in_unicode = format_date(times.moment(1_767_960_000_000), "medium", locale=catalogues.babel_locale(language.tag))
    assert set(re.findall(r"\d+", days[0])) <= {*re.findall(r"\d+", in_unicode), "9", "1", "2026"}


def test_the_sheet_and_the_pages_know_no_left_and_right() -> None:
    assert PHYSICAL.findall(re.sub(r"@media[^{]*", "", SOURCE.read_text())) == []
    templates = (Path(web_verify.__file__).parent / "templates").glob("*.html")
    assert [path.name for path in templates if re.search(r'style="|align="', path.read_text())] == []
