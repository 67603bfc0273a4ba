"""Languages through the front door: what a device or an app would speak, scopes, and mails in a person's own."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from server.checks import checked
from server.oauth.locales import locales_of
from server.settings import Settings, SettingsError
from tests.account_pages import ask, get, house_with_mail
from tests.house import Phone, RunningHouse
from tests.mail import MailServer, html, text
from tests.pseudo import accented, mirrored, pseudo
from web_verify.languages import LANGUAGES
from web_verify.look import Look

OURS = {"en-XA": {"readings:write": "Šéñð yöür röööm"}}
ASKED = {
    "response_type": "code", "redirect_uri": "https://app.example/back", "scope": "profile",
    "code_challenge_method": "S256",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[RunningHouse, MailServer]]:
    spoken = pseudo(tmp_path / "locales")
    monkeypatch.setattr("server.app.Look", partial(Look, languages=spoken))
    monkeypatch.setattr("web_verify.languages.OFFERED", spoken)
    monkeypatch.setattr("server.checks.LANGUAGES", spoken)
    with house_with_mail(tmp_path, scopes_in=OURS) as both:
        both[0].add_client("photos", grants=("authorization_code",), redirect_uris=("https://app.example/back",))
        yield both


def test_a_device_says_what_it_would_speak_and_the_phone_has_the_last_word(
    place: tuple[RunningHouse, MailServer],
) -> None:
    house, _ = place
    started = house.begin(ui_locales="xx ar-XB en")
    page = Phone(house).open(started)
    assert page.headers["content-language"] == "ar-XB"
    assert mirrored("Is this your device?") in page.text
    assert mirrored("See your name") in page.text
    english = Phone(house)
    english.web.headers["accept-language"] = "en-GB"
    assert english.open(started).headers["content-language"] == "en"
    chosen = Phone(house)
    get(chosen, "/device?lang=en-XA")
    page = chosen.open(started)
    assert page.headers["content-language"] == "en-XA"
    assert OURS["en-XA"]["readings:write"] in page.text  # the operator's own words
    assert accented("See your name") in page.text  # ours


def test_an_app_says_what_it_would_speak(place: tuple[RunningHouse, MailServer]) -> None:
    house, _ = place
    page = get(Phone(house), f"/authorize?{urlencode(ASKED | {'client_id': 'photos', 'ui_locales': 'ar-XB'})}")
    assert page.headers["content-language"] == "ar-XB"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(None, ()), ("", ()), ("fr", ("fr",)), ("fr-CA  en", ("fr-CA", "en")), ("a b c d e", ("a", "b", "c")),
     ("é <b> fr", ("fr",)), ("x" * 5000, ()), ("en_GB", ()), (" zh-Hant-TW ", ("zh-Hant-TW",))],
)  # fmt: skip
def test_a_bad_tag_is_never_an_error(house: RunningHouse, sent: str | None, kept: tuple[str, ...]) -> None:
    assert locales_of(sent) == kept
    house.begin(**({} if sent is None else {"ui_locales": sent}))


def test_mails_speak_the_language_in_which_the_person_was_answered_last(
    place: tuple[RunningHouse, MailServer],
) -> None:
    house, mail = place
    phone = house.phone()
    phone.web.headers["accept-language"] = "en-XA"
    house.sign_in()
    told = mail.next()
    assert told["subject"] == accented("New device signed in: {app}").format(app="Aurora TV")
    assert '<html lang="en-XA" dir="ltr">' in html(told)
    assert accented("{clock} UTC").split()[-1] in text(told)
    account = house.do(house.app.house.store.find_account_by_username("ana"))
    assert account is not None
    assert account.language == "en-XA"
    stranger = Phone(house)  # nobody knows who this is yet: the mail speaks as the page did
    stranger.web.headers["accept-language"] = "ar-XB"
    ask(stranger, "/sign-up", "zoe@example.com")
    assert '<html lang="ar-XB" dir="rtl">' in html(mail.next())
    ask(stranger, "/reset", "ana@example.com")  # but whoever has an account is written to as they read
    assert '<html lang="en-XA" dir="ltr">' in html(mail.next())


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"xx": {}}, "not 'xx'"), ({"fr": {"nope": "Rien"}}, "not 'nope', in fr"),
     ({"fr": {"profile": " "}}, "beside profile in fr"), ({"fr": {"profile": 1}}, "beside profile in fr")],
)  # fmt: skip
def test_sentences_that_nobody_could_read_are_refused_at_start(tmp_path: Path, wrong: Any, named: str) -> None:
    with pytest.raises(SettingsError, match=f"scopes_in.*{named}"):
        checked(Settings(data_dir=tmp_path, scopes_in=wrong))
    checked(Settings(data_dir=tmp_path, scopes_in={language.tag: {"profile": "…"} for language in LANGUAGES}))
