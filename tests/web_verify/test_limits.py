"""Odd, huge and broken forms get a page that says what to do, and change nothing."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.web_verify.porch import Porch


def test_a_body_above_8_kib_is_refused_whether_announced_or_not(porch: Porch) -> None:
    visitor = porch.visitor()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = visitor.fill("/device", b"user_code=" + b"x" * 8192, headers=form)
    assert answer.status_code == 413
    answer = visitor.fill("/device", (part for part in [b"user_code=" + b"x" * 4096] * 3), headers=form)
    assert answer.status_code == 413
    assert "larger than we read" in answer.text
    assert porch.desk.calls == []


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_another_type_is_415(porch: Porch, kind: str) -> None:
    answer = porch.visitor().fill("/device", b'{"user_code":"WDJBMJHT"}', headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "Nothing was changed" in answer.text


@pytest.mark.parametrize(
    "body",
    [b"", b"&&&&", b"=", b"%", b"%zz=%zz", b"\xff\xfe\x00", b"user_code", b"user_code=%00%ff", b";" * 100, b"a&" * 500],
)
def test_a_garbled_form_is_answered_with_a_page(porch: Porch, body: bytes) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    visitor = porch.visitor()
    token = visitor.token().encode()
    for sent in (body, b"form_token=" + token + b"&" + body):
        answer = visitor.fill("/device", sent, headers=form)
        assert answer.status_code in (400, 403, 404)
        assert "<h1>" in answer.text
    assert not porch.desk.decided


def test_a_field_that_comes_twice_counts_as_missing(porch: Porch) -> None:
    visitor = porch.visitor()
    assert visitor.submit("/device", ("user_code", "WDJBMJHT"), ("user_code", "QQQQQQQQ")).status_code == 400
    assert visitor.open("/device?user_code=WDJBMJHT&user_code=QQQQ").status_code == 200
    answer = visitor.submit("/sign-in", ("username", "ana"), ("password", "a"), ("password", "b"))
    assert answer.status_code == 400
    assert "Type your password." in answer.text
    assert porch.desk.calls == []


def test_a_missing_name_and_password_are_both_named(porch: Porch) -> None:
    answer = porch.visitor().submit("/sign-in", ("code", "WDJBMJHT"))
    assert answer.status_code == 400
    assert "Type your name or email." in answer.text
    assert "Type your password." in answer.text
    assert 'value="WDJBMJHT"' in answer.text
    assert "sign_in" not in porch.desk.calls


def test_a_connection_that_ends_inside_the_form_breaks_nothing(porch: Porch) -> None:
    address = urlsplit(porch.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as half:
        half.sendall(
            b"POST /device HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nuser_code=WD"
        )
    assert porch.visitor().open("/device").status_code == 200
    assert porch.desk.calls == []
