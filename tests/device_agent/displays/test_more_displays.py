"""One line a state, the code read aloud, several displays at the same time, and how they are asked for."""

import io
from pathlib import Path

import pytest

from device_agent.displays import DISPLAYS, choose
from device_agent.displays.port import Look
from device_agent.displays.speak import Speak
from device_agent.exits import Failure
from device_agent.settings import SETTINGS, read_settings
from device_agent.words import ENGLISH, LANGUAGES, Words, words_of
from tests.device_agent.displays.test_terminal import CODE
from tests.waiting import wait_until


def look(stream: io.StringIO, *displays: tuple[str, str], is_json: bool = False) -> Look:
    return Look(stream, stream, {}, is_json=is_json, displays=displays)


@pytest.fixture
def mouth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An espeak-ng that writes down what it is told to say."""
    program, said = tmp_path / "bin" / "espeak-ng", tmp_path / "said"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\ncat >> {said}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return said


def test_each_state_is_one_line() -> None:
    stream = io.StringIO()
    display = choose(look(stream, ("line", "")))
    for left in (600, 540):
        display.show("waiting", **{**CODE, "expires_in": left})
    display.show("phone_connected", **CODE, match="47")
    display.show("renewed", **{**CODE, "user_code": "BCDF-GHJK"})
    display.show("waiting", **{**CODE, "user_code": "BCDF-GHJK"})
    display.show("signed_in", who="Ana Ruiz (ana)")
    assert stream.getvalue().splitlines() == [
        "Sign in at https://tv.example.com/device with the code WDJB-MJHT (valid for 10 minutes)",
        "Phone connected. Tap or type 47 on your phone.",
        "Sign in at https://tv.example.com/device with the code BCDF-GHJK (valid for 10 minutes)",
        "Signed in as Ana Ruiz (ana). Not you? Run porchlight-agent logout.",
    ]


def test_lines_go_to_the_end_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "serial"
    path.write_text("before\n")
    stream = io.StringIO()
    display = choose(look(stream, ("line", str(path))))
    display.show("denied")
    display.close()
    display.close()
    assert (
        path.read_text()
        == "before\nStopped on the phone. Nothing was signed in. Run porchlight-agent login to try again.\n"
    )
    assert stream.getvalue() == ""
    with pytest.raises(Failure, match="cannot be written"):
        choose(look(stream, ("line", str(tmp_path / "nowhere" / "file"))))


def test_the_code_is_read_aloud_and_not_among_the_arguments(mouth: Path, tmp_path: Path) -> None:
    display = choose(look(io.StringIO(), ("speak", "")))
    assert isinstance(display, Speak)
    display.show("waiting", **CODE)
    wait_until(lambda: mouth.exists() and "I repeat" in mouth.read_text())
    said = mouth.read_text()
    assert "tv.example.com/device" in said
    assert said.count("W as in Whiskey, D as in Delta, J as in Juliett, B as in Bravo, dash, M as in Mike") == 2
    assert "Whiskey" not in (tmp_path / "arguments").read_text()
    display.show("waiting", **{**CODE, "expires_in": 300})
    display.show("phone_connected", **CODE, match="47")
    wait_until(lambda: "4 7" in mouth.read_text())
    assert mouth.read_text().count("Whiskey") == 2, "said once"
    display.show("signed_in", who="Ana")
    wait_until(lambda: "Signed in as Ana." in mouth.read_text())
    display.close()


def test_what_is_being_said_is_cut_short_by_what_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text(f'#!/bin/sh\nread words\necho "$words" >> {tmp_path}/said\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    display = Speak(look(io.StringIO()))
    display.show("denied")
    wait_until((tmp_path / "said").exists)
    display.show("expired", action="")
    wait_until(lambda: "expired" in (tmp_path / "said").read_text())
    monkeypatch.setattr("device_agent.displays.speak.FINISHED_WITHIN", 0.01)
    display.close()


def test_a_device_without_a_voice_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    stream = io.StringIO()
    display = Speak(look(stream))
    for state in ("denied", "signed_in"):
        display.show(state, who="Ana")
    assert stream.getvalue() == "This device cannot speak: espeak-ng is not installed.\n"


def test_several_displays_are_told_the_same(tmp_path: Path) -> None:
    stream = io.StringIO()
    display = choose(look(stream, ("line", ""), ("picture", f"{tmp_path}/code.svg"), ("json", "")))
    display.prepare()
    display.show("waiting", **CODE)
    display.hide()
    display.close()
    assert "Sign in at" in stream.getvalue()
    assert '"code_issued"' in stream.getvalue()
    assert "WDJB" in (tmp_path / "code.svg").read_text()


def test_json_is_beside_what_was_asked_for_and_auto_is_what_suits() -> None:
    stream = io.StringIO()
    choose(look(stream, ("line", ""), is_json=True)).show("denied")
    assert stream.getvalue().splitlines()[0] == '{"event": "denied"}'
    assert stream.getvalue().splitlines()[1].startswith("Stopped on the phone")
    stream = io.StringIO()
    choose(look(stream, ("auto", ""), ("line", ""))).show("denied")
    assert len(stream.getvalue().splitlines()) == 2


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (("tv", ""), "--display tv is none of"),
        (("picture", ""), "makes no sense"),
        (("speak", "loud"), "makes no sense"),
    ],
)
def test_a_display_that_is_none_is_refused_by_name(wanted: tuple[str, str], said: str) -> None:
    with pytest.raises(Failure, match=said) as caught:
        choose(look(io.StringIO(), wanted))
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "displays"),
    [
        ([], (("auto", ""),)),
        (
            ["--display", "terminal", "--display", "picture:/run/a:b.png"],
            (("terminal", ""), ("picture", "/run/a:b.png")),
        ),
        (["--display=line:/dev/ttyS0, speak"], (("line", "/dev/ttyS0"), ("speak", ""))),
        (["--open-kiosk"], (("auto", ""), ("kiosk", ""))),
        (["--display", "kiosk:8090", "--open-kiosk"], (("kiosk", "8090"),)),
    ],
)
def test_displays_are_asked_for_by_flags(arguments: list[str], displays: object) -> None:
    assert read_settings(arguments, {})[0].displays == displays


def test_the_help_names_every_display() -> None:
    (listed,) = [what for name, _, _, what in SETTINGS if name == "display"]
    assert [name for name, _, _ in DISPLAYS if name not in listed] == []


@pytest.mark.parametrize(
    ("locale", "environment", "language"),
    [
        ("", {}, "en"),
        ("en-GB", {}, "en"),
        ("xx", {}, "en"),
        ("", {"LANG": "xq_XQ.UTF-8"}, "xq"),
        ("en", {"LANG": "xq_XQ.UTF-8"}, "en"),
        ("", {"LANG": "en_US.UTF-8", "LC_ALL": "xq"}, "xq"),
        ("", {"LC_ALL": "C.UTF-8"}, "en"),
    ],
)
def test_the_language_is_the_users_or_english(
    monkeypatch: pytest.MonkeyPatch, locale: str, environment: dict[str, str], language: str
) -> None:
    more = (*LANGUAGES, ("xq", "rtl", {"denied": "Nakh."}))
    monkeypatch.setattr("device_agent.words.LANGUAGES", more)
    words = words_of(locale, environment)
    assert words.language == language
    assert words("denied") == ("Nakh." if language == "xq" else ENGLISH["denied"])
    assert words("waiting") == ENGLISH["waiting"]


def test_no_sentence_shouts_and_none_is_missing() -> None:
    assert [text for text in ENGLISH.values() if "!" in text] == []
    with pytest.raises(LookupError):
        Words("en", "ltr", ENGLISH)("no such sentence")
