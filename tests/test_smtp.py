"""Mails on their way: private off this machine, plain text beside HTML, nothing smuggled into a header."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from server.checks import checked
from server.letters import smtp
from server.settings import Settings, SettingsError
from tests.certificate import certificate
from tests.mail import mail_server
from web_verify import mail

FROM = "Porchlight <tv@example.com>"
LINK = "https://tv.example.com/reset/abc"


def letter(settings: Settings, **facts: str) -> Any:
    said = {"service": "Porchlight", "username": "ana"} | facts
    return smtp.message(settings, "ana@example.com", mail.write("reset", LINK, **said), 1_772_546_587_000, "id-1")


def test_what_is_sent_is_one_mail_in_two_forms() -> None:
    with mail_server() as server:
        settings = Settings(smtp_url=server.url, mail_from=FROM)
        smtp.send(settings, letter(settings))
        made = server.next()
        assert (made["from"], made["to"], made["message-id"]) == (FROM, "ana@example.com", "<id-1@example.com>")
        assert [part.get_content_type() for part in made.iter_parts()] == ["text/plain", "text/html"]
        assert made["date"] == "Tue, 03 Mar 2026 14:03:07 +0000"


def test_no_name_becomes_a_header() -> None:
    settings = Settings(smtp_url="smtp://127.0.0.1:1", mail_from=FROM)
    evil = "x\r\nBcc: all@example.com\r\n\r\n<script>"
    made = letter(settings, service=evil, username=evil)
    assert made["bcc"] is None
    assert "\n" not in made["subject"]
    assert "<script>" not in made.get_body(("html",)).get_content()


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """`mail.example` is this machine, and is not known to be."""
    look_up = socket.getaddrinfo

    def elsewhere(host: Any, *more: Any, **named: Any) -> Any:
        return look_up("127.0.0.1" if host == "mail.example" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)


@pytest.mark.usefixtures("far")
def test_off_this_machine_nothing_is_said_before_tls_proves_the_name(tmp_path: Path) -> None:
    for name, problem in (("mail.example", ""), ("other.example", "certificate")):
        pem = str(certificate(tmp_path / f"{name}.pem", name))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pem)
        with mail_server(tls=tls, login=("porch", "s3cret/x")) as server:
            url = f"smtp://porch:s3cret%2Fx@mail.example:{server.port}"
            settings = Settings(smtp_url=url, mail_from=FROM, outbound_ca=pem)
            if problem:
                with pytest.raises(smtp.NotSent, match=problem):
                    smtp.send(settings, letter(settings))
            else:
                smtp.send(settings, letter(settings))
            assert server.was_tls == ([] if problem else [True])


@pytest.mark.usefixtures("far")
def test_a_far_server_without_starttls_is_told_nothing() -> None:
    with mail_server() as server:
        settings = Settings(smtp_url=f"smtp://porch:secret@mail.example:{server.port}", mail_from=FROM)
        with pytest.raises(smtp.NotSent, match="STARTTLS") as refused:
            smtp.send(settings, letter(settings))
        assert not server.mails
        assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings = Settings(smtp_url=f"smtp://127.0.0.1:{nobody.getsockname()[1]}", mail_from=FROM)
        with pytest.raises(smtp.NotSent, match="was not reached") as refused:
            smtp.send(settings, letter(settings))
        assert not refused.value.is_final


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"registration": "everybody"}, "registration"),
        ({"registration": "open"}, "registration"),
        ({"shortest_password": 7}, "shortest_password"),
        ({"breached_passwords": "no/such/file"}, "breached_passwords"),
        ({"smtp_url": "mail.example.com", "mail_from": FROM}, "smtp_url"),
        ({"smtp_url": "http://mail.example.com", "mail_from": FROM}, "smtp_url"),
        ({"smtp_url": "smtp://mail.example.com/path", "mail_from": FROM}, "smtp_url"),
        ({"smtp_url": "smtp://a:%C3%9F@mail.example.com", "mail_from": FROM}, "smtp_url"),
        ({"smtp_url": "smtp://mail.example.com"}, "mail_from"),
        ({"mail_from": FROM}, "mail_from"),
        ({"smtp_url": "smtp://mail.example.com", "mail_from": "nobody"}, "mail_from"),
        ({"smtp_url": "smtp://mail.example.com", "mail_from": "A\r\nB: c <tv@example.com>"}, "mail_from"),
        ({"mails_per_network": 0}, "mails_per_network"),
        ({"notice_webhook": "https://hook.example.com"}, "notice_secret"),
        ({"notice_webhook": "hook", "notice_secret": "x" * 24}, "notice_webhook"),
        ({"notice_webhook": "ftp://hook.example.com", "notice_secret": "x" * 24}, "notice_webhook"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        checked(Settings(**settings))
