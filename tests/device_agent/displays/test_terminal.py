"""What a phone reads from a photograph of the terminal, and what a person reads with their eyes."""

import pytest

from device_agent.displays import qr
from device_agent.displays.letters import large
from tests.device_agent.displays.screen import DARK_THEME, LIGHT_THEME, Tty, photograph, read_codes

CODE = {
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://tv.example.com/device",
    "verification_uri_complete": "https://tv.example.com/d/WDJBMJHT",
    "expires_in": 600,
}
IN_CAPITALS = "HTTPS://TV.EXAMPLE.COM/D/WDJBMJHT"
LONG = {
    **CODE,
    "verification_uri": "https://sign-in.living-room.example.org/porch/light/device",
    "verification_uri_complete": "https://sign-in.living-room.example.org/porch/light/device?user_code=WDJB-MJHT",
}
SIXTEEN = {"TERM": "xterm"}
HALF_SIZES = ((80, 24), (50, 24), (40, 24), (30, 26))
FULL_SIZES = ((60, 34), (80, 36), (100, 40), (120, 50), (200, 60))


@pytest.mark.parametrize("theme", [DARK_THEME, LIGHT_THEME], ids=["dark", "light"])
@pytest.mark.parametrize("environment", [None, SIXTEEN], ids=["true colour", "sixteen colours"])
@pytest.mark.parametrize("size", HALF_SIZES)
def test_a_phone_reads_half_blocks(
    size: tuple[int, int], environment: dict[str, str] | None, theme: tuple[str, str]
) -> None:
    tty = Tty(*size, environment=environment)
    tty.show("waiting", **CODE)
    assert "▀" in tty.text
    assert read_codes(photograph(tty.screen, 1.0, theme)) == [IN_CAPITALS]


@pytest.mark.parametrize("theme", [DARK_THEME, LIGHT_THEME], ids=["dark", "light"])
@pytest.mark.parametrize("environment", [None, SIXTEEN], ids=["true colour", "sixteen colours"])
@pytest.mark.parametrize("line_height", [1.0, 1.1, 1.2, 1.4])
@pytest.mark.parametrize("size", FULL_SIZES)
def test_a_phone_reads_full_blocks_at_any_line_height(
    size: tuple[int, int], line_height: float, environment: dict[str, str] | None, theme: tuple[str, str]
) -> None:
    tty = Tty(*size, environment=environment)
    tty.show("waiting", **CODE)
    assert read_codes(photograph(tty.screen, line_height, theme)) == [IN_CAPITALS]


@pytest.mark.parametrize("size", [(80, 24), (100, 40), (60, 24)])
def test_colours_may_be_off_but_never_those_of_the_qr(size: tuple[int, int]) -> None:
    tty = Tty(*size, is_colorless=True)
    tty.show("waiting", **CODE)
    assert read_codes(photograph(tty.screen)) == [IN_CAPITALS]
    outside = {cell.fg for row in (0, 4) for column, cell in tty.screen.buffer[row].items() if column > 72}
    assert outside <= {"default"}


@pytest.mark.parametrize("facts", [CODE, LONG], ids=["short", "long"])
@pytest.mark.parametrize("size", [*HALF_SIZES, *FULL_SIZES, (80, 16), (40, 12), (28, 12)])
def test_dev_18_code_and_address_stay_on_the_screen_in_text(size: tuple[int, int], facts: dict[str, object]) -> None:
    tty = Tty(*size)
    tty.show("waiting", **facts)
    flat = "".join(tty.text.split())
    assert "WDJB-MJHT" in tty.text
    if size[0] < 80 or facts is CODE:
        assert str(facts["verification_uri"]).removeprefix("https://") in flat or size[0] >= 58


def test_dev_18_a_long_address_is_wrapped_not_cut() -> None:
    tty = Tty(80, 24, qr="off")
    tty.show("waiting", **LONG)
    assert "sign-in.living-room.example.org/porch/light/device" in "".join(tty.text.split())
    assert "…" not in tty.text


def test_the_usual_code_is_drawn_in_block_letters() -> None:
    tty = Tty(80, 24)
    tty.show("waiting", **CODE)
    beside = [line[35:] for line in tty.text.splitlines()]
    assert "█   █ █▀▀▀▄   ▀█▀ █▀▀▀▄" in beside
    assert "█▄ ▄█   ▀█▀ █   █ ▀▀█▀▀" in beside
    assert "WDJB-MJHT" in beside


def test_digits_are_drawn_in_text_where_three_lines_of_them_do_not_fit() -> None:
    tty = Tty(80, 24)
    tty.show("waiting", **{**CODE, "user_code": "019-450-730"})
    assert "019-450-730" in tty.text


@pytest.mark.parametrize("choice", ["full", "half"])
def test_a_size_that_was_asked_for_is_used_or_nothing(choice: str) -> None:
    tty = Tty(80, 24, qr=choice)
    tty.show("waiting", **CODE)
    assert read_codes(photograph(tty.screen)) == ([IN_CAPITALS] if choice == "half" else [])
    assert "WDJB-MJHT" in tty.text


def test_no_qr_means_no_qr() -> None:
    tty = Tty(120, 50, qr="off")
    tty.show("waiting", **CODE)
    assert read_codes(photograph(tty.screen)) == []
    assert "To sign in, go to tv.example.com/device and enter WDJB-MJHT" in tty.text


def test_the_screen_is_redrawn_in_place() -> None:
    tty = Tty(80, 24)
    tty.show("connecting", host="tv.example.com")
    tty.show("waiting", **CODE)
    before = tty.text
    tty.show("waiting", **{**CODE, "expires_in": 480})
    assert tty.text.split() == before.replace("10 minutes", "8 minutes").split()
    tty.show("offline", host="tv.example.com")
    assert tty.text.count("WDJB-MJHT") == 1
    assert "No connection to tv.example.com" in tty.text
    tty.show("waiting", **{**CODE, "expires_in": 480})
    assert "No connection" not in tty.text


@pytest.mark.parametrize(
    ("state", "facts", "said"),
    [
        ("signed_in", {"who": "Ana Ruiz (ana)"}, "✓ Signed in as Ana Ruiz (ana)"),
        ("denied", {}, "• Stopped on the phone. Nothing was signed in."),
        ("expired", {"action": "Press Enter for a new one."}, "• This code has expired."),
        ("failed", {"sentence": "It broke.", "action": "Mend it."}, "• It broke."),
    ],
)
def test_dev_37_the_code_leaves_the_screen_when_it_is_no_longer_needed(
    state: str, facts: dict[str, object], said: str
) -> None:
    for size in ((80, 24), (100, 40)):
        tty = Tty(*size)
        tty.show("waiting", **CODE)
        tty.show(state, **facts)
        assert said in tty.text
        assert "WDJB" not in tty.text
        assert read_codes(photograph(tty.screen)) == []


@pytest.mark.parametrize("size", [(80, 24), (100, 40), (40, 24)])
def test_a_phone_that_has_arrived_is_met_with_a_number_in_place_of_the_qr(size: tuple[int, int]) -> None:
    tty = Tty(*size)
    tty.show("waiting", **CODE)
    tty.show("phone_connected", **CODE, match="47")
    assert "Phone connected" in tty.text
    assert "Tap or type 47 on your phone." in tty.text
    assert read_codes(photograph(tty.screen)) == []
    digits = [line.strip() for line in tty.text.splitlines() if "██" in line]
    assert digits == [line.strip() for line in large("47")]
    assert len(digits) == 7
    assert "The code on your phone must be WDJB-MJHT" in " ".join(tty.text.split())
    tty.show("offline", host="tv.example.com")
    assert "██" in tty.text, "the number stays while the connection is away"
    tty.show("waiting", **{**CODE, "user_code": "BCDF-GHJK"})
    assert "BCDF-GHJK" in tty.text


def test_a_phone_without_a_number_to_compare_is_met_too() -> None:
    tty = Tty(80, 24)
    tty.show("phone_connected", **CODE, match="")
    assert "Answer on your phone." in tty.text
    assert "WDJB-MJHT" in tty.text


def test_a_new_code_is_called_new() -> None:
    tty = Tty(80, 24)
    tty.show("waiting", **CODE)
    tty.show("renewed", **{**CODE, "user_code": "BCDF-GHJK"})
    assert "This is a new code" in tty.text
    assert "BCDF-GHJK" in tty.text
    assert "WDJB" not in tty.text


def test_dev_37_the_code_is_neither_spoken_nor_rung() -> None:
    tty = Tty(80, 24)
    tty.terminal.show("waiting", **CODE)
    assert "\x07" not in tty.stream.getvalue()


def test_a_window_that_is_dragged_is_drawn_afresh() -> None:
    tty = Tty(100, 40)
    tty.show("waiting", **CODE)
    tty.resize(80, 24)
    tty.show("waiting", **{**CODE, "expires_in": 540})
    assert read_codes(photograph(tty.screen)) == [IN_CAPITALS]
    assert tty.text.count("WDJB-MJHT") == 1


def test_a_note_stays_above_what_is_drawn_next() -> None:
    tty = Tty(80, 30)
    tty.show("note", sentence="The old sign-in was damaged.")
    tty.show("connecting", host="tv.example.com")
    tty.show("waiting", **CODE)
    assert tty.text.startswith("  • The old sign-in was damaged.")
    assert "Connecting" not in tty.text


def test_nothing_of_the_server_moves_the_cursor() -> None:
    tty = Tty(80, 24)
    nasty = "\x1b[2J\x1b[31m\x9b5A\u202e\r\n\x07"
    tty.terminal.show(
        "waiting", **{**CODE, "user_code": f"{nasty}WDJB", "verification_uri": f"https://{nasty}x.example"}
    )
    tty.terminal.show("signed_in", who=f"{nasty}Ana")
    tty.terminal.show("failed", sentence=nasty, action=nasty)
    written = tty.stream.getvalue()
    assert not any(sign in written for sign in ("\x9b", "\x07", "\u202e", "\r\n", "\x1b[2J", "\x1b[31m"))


def test_a_wide_name_does_not_break_the_line() -> None:
    tty = Tty(40, 24)
    tty.show("signed_in", who="小林 美咲 " * 6)
    assert all(len(line) <= 40 for line in tty.text.splitlines())


@pytest.mark.parametrize(
    ("plain", "complete", "expected"),
    [
        ("https://x.example/device", "https://x.example/d/WDJBMJHT", "HTTPS://X.EXAMPLE/D/WDJBMJHT"),
        ("https://x.example/device", "https://x.example/D/WDJB-MJHT", "HTTPS://X.EXAMPLE/D/WDJB-MJHT"),
        ("http://192.168.1.7:8000/device", "http://192.168.1.7:8000/d/WDJB", "HTTP://192.168.1.7:8000/D/WDJB"),
        ("https://x.example/device", "https://x.example/device?user_code=a", "https://x.example/device?user_code=a"),
        ("https://x.example/device", "https://x.example/t/d/WDJB", "https://x.example/t/d/WDJB"),
        ("https://x.example/device", "https://x.example/d/a/b", "https://x.example/d/a/b"),
        ("https://x.example/device", "", "https://x.example/device"),
    ],
)
def test_only_an_address_that_promises_to_read_capitals_is_put_into_capitals(
    plain: str, complete: str, expected: str
) -> None:
    assert qr.payload(plain, complete) == expected


@pytest.mark.parametrize("root", ["HTTPS://TV.EXAMPLE.COM", "HTTP://192.168.100.100:8000", "HTTPS://PORCH.LOCAL:8443"])
def test_the_usual_address_makes_a_version_2_code(root: str) -> None:
    assert len(qr.draw(root + "/D/WDJBMJHT")) == 25


def test_a_somewhat_longer_address_still_fits_beside_the_letters() -> None:
    tty = Tty(80, 24)
    complete = "https://auth.company.example.com:8443/d/WDJBMJHT"
    tty.show("waiting", **{**CODE, "verification_uri_complete": complete})
    assert read_codes(photograph(tty.screen)) == [complete.upper()]
    assert "█▄ ▄█   ▀█▀ █   █ ▀▀█▀▀" in tty.text


def test_an_endless_address_makes_no_code_but_still_text() -> None:
    tty = Tty(120, 50)
    tty.show("waiting", **{**CODE, "verification_uri_complete": "https://x.example/" + "y" * 5000})
    assert "WDJB-MJHT" in tty.text
