"""A real mail server on the loopback for tests: it takes every mail and lets the test read it."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.waiting import wait_until


class MailServer:
    """What was sent, in the order in which it came. `refusals` are answered before mails are taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refusals: list[str] = []
        self.port = 0
        self.was_tls: list[bool] = []
        self._read = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.was_tls.append(session.ssl is not None)
        self.recipients.extend(envelope.rcpt_tos)
        self.mails.append(mail)
        return "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def next(self) -> EmailMessage:
        """The next mail that nobody has read, waiting for it."""
        wait_until(lambda: len(self.mails) > self._read, 10)
        self._read += 1
        return self.mails[self._read - 1]

    def link(self) -> str:
        """The link in the next mail; the same in the text and in the HTML."""
        mail = self.next()
        found = re.search(r"https?://\S+", text(mail))
        assert found, text(mail)
        assert found[0] in html(mail)
        return found[0]


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


class _Free(Controller):
    """Port 0 picks one; the controller knocks at its door before anybody else does."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None, **more: Any
) -> Iterator[MailServer]:
    """A mail server that is open inside the block. `tls`: it offers STARTTLS and demands it; `login`: and this, too."""
    served = MailServer()

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and login == (data.login.decode(), data.password.decode())
        return AuthResult(success=right)

    if login is not None:
        more |= {"authenticator": check, "auth_required": True}
    controller = _Free(served, hostname="127.0.0.1", port=0, tls_context=tls, require_starttls=tls is not None, **more)
    controller.start()
    served.port = controller.port
    try:
        yield served
    finally:
        controller.stop()
