"""The operator's way with people: links that are shown once, and who there is."""

from pathlib import Path

import pytest
import requests

from tests.commands.process import Porchlight
from tests.forms import Forms
from tests.house import PASSWORD

ISSUER = ("--issuer", "http://127.0.0.1:8628")


@pytest.fixture
def people(tmp_path: Path) -> Porchlight:
    porchlight = Porchlight(tmp_path / "data")
    add = ("user", "add", "ana", "--name", "Ana", "--email", "Ana@Example.com", "--password-stdin")
    porchlight.do(*add, stdin=PASSWORD)
    (porchlight.data / "porchlight.toml").write_text('registration = "invited"\n')
    return porchlight


def test_people_are_listed_in_words_and_as_json(people: Porchlight) -> None:
    [ana] = people.do("user", "list")["users"]
    assert (ana["username"], ana["email"], ana["is_email_verified"]) == ("ana", "ana@example.com", False)
    assert (ana["devices"], ana["browsers"], ana["is_enabled"]) == (0, 0, True)
    head, row = people.run("user", "list").out.splitlines()
    assert head.split() == ["USERNAME", "NAME", "EMAIL", "ENABLED", "DEVICES", "BROWSERS", "CREATED", "UTC"]
    assert row.startswith("ana ")


def test_a_link_is_shown_once_and_kept_as_a_hash(people: Porchlight) -> None:
    made = people.do("user", "reset-link", "ana", *ISSUER)
    secret = made["link"].rpartition("/")[2]
    assert made["link"].startswith("http://127.0.0.1:8628/reset/")
    kept = b"".join(path.read_bytes() for path in people.data.iterdir())
    assert secret.encode() not in kept
    told = people.run("user", "invite", "--email", "zoe@example.com", *ISSUER)
    assert "zoe@example.com makes an account here" in told.out


def test_who_is_invited_makes_an_account_on_the_server_that_runs(people: Porchlight) -> None:
    with people.serve() as server:
        made = people.do("user", "invite", "--email", "zoe@example.com", "--issuer", server.issuer)
        with requests.Session() as web:
            web.trust_env = False
            page = web.get(made["link"], timeout=10)
            form = Forms(page.text).with_control("username").fields
            typed = {"username": "zoe", "password": "four words nobody puts together"}
            page = web.post(made["link"], data=form | typed, timeout=10)
            assert page.url == f"{server.issuer}/devices"
        zoe = people.do("user", "list")["users"][1]
        assert (zoe["username"], zoe["email"], zoe["browsers"]) == ("zoe", "zoe@example.com", 1)
        people.do("user", "disable", "zoe")
        assert people.do("user", "list")["users"][1]["browsers"] == 0


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("user reset-link nobody --issuer http://127.0.0.1:1", 1, "there is no user nobody"),
        ("user reset-link ana", 1, "issuer: say where people reach the server, with --issuer https://"),
        ("user invite --email ana@example.com --issuer http://127.0.0.1:1", 1, "somebody has the address ana@example"),
        ("user invite --email nonsense", 2, "--email is an address such as ana@example.com"),
        ("user invite", 2, "the following arguments are required: --email"),
        ("user add ben --email nonsense --password-stdin", 2, "--email is an address such as"),
        ("user add ben --email ana@example.com --password-stdin", 1, "there is a user ben, or of ana@example.com, al"),
    ],
)
def test_what_cannot_be_done_is_said(people: Porchlight, command: str, code: int, words: str) -> None:
    done = people.run(*command.split(), stdin=PASSWORD)
    assert (done.code, done.out) == (code, "")
    assert words in done.err


def test_nobody_is_invited_where_nobody_may_join(people: Porchlight) -> None:
    (people.data / "porchlight.toml").write_text("")
    done = people.run("user", "invite", "--email", "zoe@example.com", *ISSUER)
    assert done.code == 1
    assert "registration is off: set it to invited" in done.err
