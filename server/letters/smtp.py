"""Hand one mail to the mail server (RFC 5321), in the clear only on this machine (RFC 8314; STARTTLS, RFC 3207)."""

import ssl
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from server.settings import Settings, is_loopback
from web_verify.times import moment

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP as Connection

    from web_verify.mail import Mail

WITHIN: Final = 20.0  # seconds for each step
_PORTS: Final = {"smtp": 587, "smtps": 465}


class NotSent(Exception):
    """The mail server was not reached, or did not take it. `is_final`: it never will."""

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


def message(settings: Settings, to: str, mail: "Mail", now: int, name: str) -> "EmailMessage":
    """The mail as it travels: plain text and the same as HTML. `name` makes its Message-ID, the same at each try."""
    from email.headerregistry import Address
    from email.message import EmailMessage
    from email.policy import SMTP

    shown, address = parseaddr(settings.mail_from)
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(shown, addr_spec=address)
    made["To"] = Address(addr_spec=to)
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(moment(now))
    made["Message-ID"] = f"<{name}@{address.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    made.set_content(mail.text)
    made.add_alternative(mail.html, subtype="html")
    return made


def send(settings: Settings, mail: "EmailMessage") -> None:
    """Bring it to the mail server; blocks. Raises `NotSent`, whose text holds no address of a person and no secret."""
    import smtplib  # with the parsers of mails two megabytes: only where one is sent

    parts = urlsplit(settings.smtp_url)
    try:
        with _connected(settings, parts) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [code for code, _ in refused.recipients.values()]
        raise NotSent(f"the address was refused ({codes[0]})", is_final=500 <= codes[0] < 600) from None
    except smtplib.SMTPAuthenticationError as refused:
        raise NotSent(f"smtp_url: the user or the password was refused ({refused.smtp_code})") from None
    except smtplib.SMTPResponseException as refused:
        raise NotSent(f"the mail server answered {refused.smtp_code}") from None
    except smtplib.SMTPException as error:
        raise NotSent(f"the mail server cannot be used as smtp_url says ({type(error).__name__})") from None
    except ssl.SSLError:
        raise NotSent("TLS failed: is the mail server's certificate good for the name in smtp_url?") from None
    except OSError as error:
        raise NotSent(f"the mail server was not reached ({type(error).__name__})") from None


def _connected(settings: Settings, parts: SplitResult) -> "Connection":
    """A connection that is private: TLS from the start, or by STARTTLS before anything is said."""
    import smtplib

    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=WITHIN, context=_tls(settings))
    server = smtplib.SMTP(host, port, timeout=WITHIN)
    try:
        if not is_loopback(host):
            server.ehlo()
            if not server.has_extn("starttls"):
                raise NotSent("the mail server offers no STARTTLS; use smtps://, or one that does")
            server.starttls(context=_tls(settings))
    except BaseException:
        server.close()
        raise
    return server


def _tls(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.outbound_ca:
        context.load_verify_locations(settings.outbound_ca)
    return context
