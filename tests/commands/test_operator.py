"""The operator's commands one by one: what they say, in words and as JSON, and what they refuse."""

import os
import sqlite3
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from server.oauth.secret import draw_id
from tests.commands.process import ALL_SCOPES, TV, Porchlight, told
from tests.house import PASSWORD
from tests.terminal import CTRL_C, Terminal, terminal

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def test_a_storage_is_furnished_and_listed_in_words_and_as_json(tmp_path: Path) -> None:
    porchlight = Porchlight(tmp_path / "new" / "data")
    added = porchlight.run("client", "add", *TV, *ALL_SCOPES)
    assert (added.code, added.out, added.err) == (0, "tv (Aurora TV) is registered.\n", "")
    added = porchlight.run("user", "add", " Ana ", "--name", "Ana Ruiz", "--password-stdin", stdin=PASSWORD + "\n")
    assert (added.code, added.out, added.err) == (0, "ana may approve devices now.\n", "")
    [client] = porchlight.do("client", "list")["clients"]
    assert (client["client_id"], client["name"], client["is_enabled"]) == ("tv", "Aurora TV", True)
    assert client["grants"] == [DEVICE_CODE, "refresh_token"]
    assert client["created_at"].endswith("Z")
    listed = porchlight.run("client", "list").out.splitlines()
    assert listed[0].split("  ")[0] == "CLIENT ID"
    assert listed[0].endswith("  ENABLED")
    assert listed[1].startswith("tv         Aurora TV  none            device_code refresh_token  profile ")
    assert listed[1].endswith("  yes")
    assert porchlight.data.stat().st_mode & 0o777 == 0o700


def test_the_database_is_brought_to_this_version_and_nothing_happens_twice(tmp_path: Path) -> None:
    porchlight = Porchlight(tmp_path / "data")
    assert porchlight.do("db", "upgrade") == {"upgraded": True}
    before = (porchlight.data / "porchlight.db").read_bytes()
    again = porchlight.run("db", "upgrade")
    assert (again.code, again.out) == (0, "The database is of this version.\n")
    assert (porchlight.data / "porchlight.db").read_bytes() == before


def test_a_secret_is_printed_once_and_kept_only_as_a_hash(porchlight: Porchlight) -> None:
    added = porchlight.run("client", "add", "--client-id", "hub", "--name", "Hub", "--confidential", *TV[4:])
    assert added.code == 0
    secret = added.out.rpartition("shown only now: ")[2].strip()
    assert len(secret) >= 43
    kept = b"".join(path.read_bytes() for path in porchlight.data.iterdir())
    assert secret.encode() not in kept
    given = "a-secret-of-my-own-with-40-random-symbols"
    own = ("--client-id", "own", "--name", "Own", "--confidential", "--secret-stdin", *TV[4:])
    assert given not in str(porchlight.do("client", "add", *own, stdin=given))
    with porchlight.serve() as server:
        for client_id, right in (("hub", secret), ("own", given)):
            for word, status in ((right, 200), ("wrong", 401)):
                answer = server.post("/device_authorization", {"scope": ""}, auth=(client_id, word))
                assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("client add --client-id tv --name TV --grant device_code", 1, "there is a client tv already"),
        ("client add --client-id x --name  --grant device_code", 2, "--name has 1 to 100 printable characters"),
        ("client add --client-id x --name X", 2, "say what the app may do; for a device that stays signed in: --grant"),
        ("client add --client-id x --name X --grant magic", 2, "grant magic is not known; known are: urn:"),
        ("client add --client-id x --name X --grant device_code --scope tea", 2, "scope tea is not known; known are"),
        ("client add --client-id x --name X --grant device_code --secret-stdin", 2, "--secret-stdin goes with --conf"),
        ("client add --client-id x", 2, "the following arguments are required: --name"),
        ("client disable nobody", 1, "there is no client nobody"),
        ("client enable nobody", 1, "there is no client nobody"),
        ("user disable nobody", 1, "there is no user nobody"),
        ("user add ana", 2, "the following arguments are required: --password-stdin"),
        ("device sign-out", 2, "name the devices to sign out, or --user NAME"),
        ("device sign-out no-such-device", 1, "there is no device no-such-device; nothing was signed out"),
        ("device sign-out --user nobody", 1, "there is no user nobody"),
        ("device list --user nobody", 1, "there is no user nobody"),
        ("keys rotate --algorithm none", 2, "invalid choice: 'none'"),
        ("client list --databse-url x", 2, "unrecognized arguments: --databse-url x"),
        ("client list --database-url memory:", 1, "database_url: memory: keeps nothing after this command"),
        ("client list --database-url mysql://x/y", 2, "database_url: write sqlite:///FILE or postgresql://"),
        ("client list --config /nowhere/porchlight.toml", 2, "config: there is no file /nowhere/porchlight.toml"),
        ("sing-in", 2, "invalid choice: 'sing-in' (choose from 'serve'"),
    ],
)
def test_a_slip_is_answered_in_one_line_that_says_what_to_type(
    furnished: Path, capsys: pytest.CaptureFixture[str], command: str, code: int, words: str
) -> None:
    ended, out, err = told(capsys, *command.split(" "), data=furnished if command != "sing-in" else None)
    assert (ended, out) == (code, "")
    assert words in err
    assert err.startswith("porchlight")
    assert len(err.splitlines()) <= 2


@pytest.mark.parametrize(
    ("typed", "words"), [("", "has 8 to 1024 characters"), ("short\n", "has 8 to 1024"), ("x" * 1_025, "has 8 to 1024")]
)
def test_a_password_that_is_none_is_refused(porchlight: Porchlight, typed: str, words: str) -> None:
    ended = porchlight.run("user", "add", "ben", "--password-stdin", stdin=typed)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_a_name_that_is_taken_is_taken_however_it_is_written(porchlight: Porchlight) -> None:
    ended = porchlight.run("user", "add", "ANA", "--password-stdin", stdin=PASSWORD)
    assert (ended.code, ended.err) == (1, "porchlight: there is a user ana already\n")


def test_a_folder_without_a_database_is_not_made_by_looking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("client list", "device list", "keys rotate", "user disable ana", "client disable tv"):
        code, _, err = told(capsys, *command.split(), data=tmp_path / "typo")
        assert code == 1
        assert f"there is no database in {tmp_path / 'typo'} yet; name another folder with --data-dir" in err
    assert not (tmp_path / "typo").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = told(capsys, "db", "upgrade", data=tmp_path / "file" / "data")
    assert code == 1
    assert err.startswith(f"porchlight: data_dir: the folder {tmp_path / 'file' / 'data'} cannot be made: ")


def test_an_older_or_newer_database_is_named(porchlight: Porchlight, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(porchlight.data / "porchlight.db") as connection:
        connection.execute("UPDATE porchlight_version SET version_num = '9999'")
    connection.close()
    for command in ("client list", "db upgrade"):
        code, _, err = told(capsys, *command.split(), data=porchlight.data)
        assert code == 1
        assert "was written by a newer Porchlight" in err


@pytest.mark.parametrize("words", ["", "serve", "demo", "user", "user add", "client add", "device sign-out", "keys"])
def test_every_command_has_help(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, *words.split(), "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: porchlight {words}".strip())
    assert "None" not in out


@pytest.mark.parametrize("words", ["", "user", "client", "device", "keys", "db"])
def test_a_command_that_is_cut_short_is_answered_with_its_help(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, *words.split())
    assert (code, out) == (2, "")
    assert err.startswith("usage: porchlight")
    assert "ACTION\n" in err or "COMMAND\n" in err


def test_the_help_of_serve_names_every_setting_and_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "serve", "--help")
    assert "--mqtt-port N" in out
    assert "(default: 8628)" in " ".join(out.split())


def test_no_id_looks_like_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(("-5XwfRkq2mJ0tWb7cVxa", "5-XwfRkq2mJ0tWb7cVxa"))
    monkeypatch.setattr("secrets.token_urlsafe", lambda count: next(drawn))
    assert draw_id() == "5-XwfRkq2mJ0tWb7cVxa"


def test_a_reader_who_leaves_early_is_no_error_worth_a_traceback(porchlight: Porchlight) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with porchlight.start("client", "list", stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, "")


def test_a_terminal_gets_the_same_plain_lines(porchlight: Porchlight) -> None:
    piped = porchlight.run("keys", "list").out
    assert piped.startswith("KEY ID")
    with at_terminal(porchlight, "keys", "list") as screen:
        assert screen.end() == 0
        assert screen.said.decode() == piped.replace("\n", "\r\n")


def test_at_a_terminal_the_password_is_not_shown(porchlight: Porchlight) -> None:
    with at_terminal(porchlight, "user", "add", "ben", "--password-stdin") as screen:
        screen.wait_for("Password:")
        screen.press(PASSWORD.encode() + b"\n")
        screen.wait_for("ben may approve devices now.")
        assert screen.end() == 0
        assert PASSWORD.encode() not in screen.said


def test_ctrl_c_ends_a_command_quietly(porchlight: Porchlight) -> None:
    with at_terminal(porchlight, "user", "add", "ben", "--password-stdin") as screen:
        screen.wait_for("Password:")
        screen.press(CTRL_C)
        assert screen.end() == 130
        assert "Traceback" not in screen.text


def at_terminal(porchlight: Porchlight, *command: str) -> AbstractContextManager[Terminal]:
    """The command on a screen of its own, wide enough for its tables."""
    return terminal((sys.executable, "-m", "server.commands", *command), porchlight.plain_environment(), columns=200)
