"""What settings must hold, checked before anything starts: a value that cannot work is refused by name."""

import ipaddress
import re
from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from server.device_terms import check_device_terms
from server.oauth.email_address import tidy_email
from server.settings import DAY, Settings, SettingsError, is_loopback
from server.upstream import providers_of
from web_verify.languages import LANGUAGES

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3


def checked(settings: Settings) -> Settings:
    """The same settings when they can work; raises `SettingsError` naming the first that cannot."""
    for name in ("port", "mqtt_port", "mqtt_public_port"):
        lowest = -1 if name == "mqtt_port" else 0
        _demand(lowest <= getattr(settings, name) <= 65_535, name, f"a port from {lowest} to 65535")
    _demand(settings.signing_algorithm in ("ES256", "RS256", "EdDSA"), "signing_algorithm", "ES256, RS256 or EdDSA")
    _demand(len(settings.key_secret) >= 16 or not settings.key_secret, "key_secret", "at least 16 characters")
    _demand(settings.user_code in ("letters", "digits"), "user_code", "letters or digits")
    _demand(60 <= settings.code_for <= 1_800, "code_for", "60 to 1800 seconds")
    _demand(30 <= settings.backchannel_for <= 1_800, "backchannel_for", "30 to 1800 seconds")
    _demand(settings.prompts_per_hour > 0, "prompts_per_hour", "a number above 0")
    _demand(60 <= settings.access_for <= DAY, "access_for", "60 to 86400 seconds")
    _demand(settings.access_for < settings.refresh_idle_for, "refresh_idle_for", "more seconds than access_for")
    _demand(settings.refresh_idle_for <= settings.refresh_for, "refresh_for", "at least refresh_idle_for")
    _demand(0 <= settings.hold_for <= 30, "hold_for", "0 to 30 seconds")
    for name in (
        "session_for",
        "max_sign_ins",
        "sign_ins_per_network",
        "requests_per_network",
        "tries_per_session",
        "tries_per_account",
    ):
        _demand(getattr(settings, name) > 0, name, "a number above 0")
    _demand(settings.audit_for > 0, "audit_for", "a number of days above 0")
    for name in ("tries_per_network", "tries_per_service", "tries_per_caller", "workers"):
        _demand(getattr(settings, name) > 0, name, "a number above 0")
    url = settings.storage_url
    _demand(
        re.match(r"(sqlite:///|postgresql://|memory:)", url) is not None,
        "database_url",
        "sqlite:///FILE or postgresql://…",
    )
    if settings.workers > 1:
        _demand(
            settings.is_shared_storage, "workers", "1 with SQLite; more than one needs a postgresql:// database_url"
        )
        _demand(settings.mqtt_port == -1, "workers", "1 with the embedded broker, or set mqtt_port to -1")
    _demand(bool(settings.tls_cert) == bool(settings.tls_key), "tls_key", "both tls_cert and tls_key, or neither")
    for name in ("tls_cert", "tls_key", "outbound_ca", "mtls_ca"):
        path = getattr(settings, name)
        _demand(not path or Path(path).is_file(), name, "the path of a PEM file that exists")
    for proxy in settings.trusted_proxies:
        _demand(_is_network(proxy), "trusted_proxies", f"IP addresses or networks such as 10.0.0.0/8, not {proxy!r}")
    for scope, sentence in settings.scopes.items():
        _demand(
            _SCOPE.fullmatch(scope) is not None,
            "scopes",
            f"names without spaces, quotes and backslashes, not {scope!r}",
        )
        _demand(bool(sentence.strip()), "scopes", f"a sentence for people beside {scope}")
    _check_accounts(settings)
    _check_scopes_in(settings)
    check_device_terms(settings)
    providers_of(settings)
    _check_mtls(settings)
    return replace(settings, issuer=_checked_issuer(settings))


def _check_mtls(settings: Settings) -> None:
    """What certificates that a proxy passes on need: a header that can be one, and a proxy that may say it."""
    header, url = settings.mtls_header, settings.mtls_issuer
    _demand(re.fullmatch(r"[A-Za-z0-9-]{0,64}", header) is not None, "mtls_header", "a header such as X-Client-Cert")
    _demand(bool(settings.trusted_proxies) or not header, "trusted_proxies", "the proxy that sets the mtls_header")
    for name in ("mtls_ca", "mtls_issuer"):
        _demand(bool(header) or not getattr(settings, name), "mtls_header", f"one, or leave {name} out")
    is_url = re.fullmatch(r"https://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~-]+)*", url) is not None
    _demand(is_url or not url, "mtls_issuer", "an https URL without query and final slash")


def _check_scopes_in(settings: Settings) -> None:
    """Sentences in other languages: of scopes there are, in languages of the pages."""
    known = {language.tag for language in LANGUAGES}
    for tag, sentences in settings.scopes_in.items():
        _demand(tag in known, "scopes_in", f"a language of the pages ({', '.join(sorted(known))}), not {tag!r}")
        for scope, sentence in sentences.items():
            _demand(scope in settings.scopes, "scopes_in", f"scopes of this server, not {scope!r}, in {tag}")
            is_one = isinstance(sentence, str) and bool(sentence.strip())
            _demand(is_one, "scopes_in", f"a sentence for people beside {scope} in {tag}")


def _check_accounts(settings: Settings) -> None:
    """What people's accounts and the mails to them need."""
    _demand(settings.registration in ("off", "invited", "open"), "registration", "off, invited or open")
    _demand(8 <= settings.shortest_password <= 64, "shortest_password", "8 to 64 characters")
    _demand(settings.mails_per_network > 0, "mails_per_network", "a number above 0")
    path = settings.breached_passwords
    _demand(not path or Path(path).is_file(), "breached_passwords", "the path of a file that exists")
    if settings.smtp_url:
        parts = urlsplit(settings.smtp_url)
        is_plain = parts.scheme in ("smtp", "smtps") and parts.hostname and not (parts.path.strip("/") or parts.query)
        is_plain = is_plain and unquote(settings.smtp_url).isascii()  # so that a user and a password can be sent
        _demand(bool(is_plain) and _has_port(parts), "smtp_url", "smtp://USER:PASSWORD@HOST:587 or smtps://HOST")
    address = parseaddr(settings.mail_from)[1]
    _demand(bool(tidy_email(address)) or not settings.mail_from, "mail_from", "an address: Name <name@example.com>")
    _demand(bool(settings.smtp_url) == bool(settings.mail_from), "mail_from", "both smtp_url and mail_from, or neither")
    _demand(settings.mail_from.isprintable(), "mail_from", "one line")
    needs_mail = "off or invited, or set smtp_url: whoever signs up must show to read their mail"
    _demand(settings.registration != "open" or bool(settings.smtp_url), "registration", needs_mail)
    url = urlsplit(settings.notice_webhook)
    _demand(not url.netloc or url.scheme in ("https", "http"), "notice_webhook", "an https URL")
    _demand(bool(url.netloc) == bool(settings.notice_webhook), "notice_webhook", "an https URL")
    _demand(not settings.notice_webhook or len(settings.notice_secret) >= 24, "notice_secret", "at least 24 characters")


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def with_ports(settings: Settings, port: int) -> Settings:
    """The settings once the HTTP port is known: fills in the port that was picked and the issuer that follows."""
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return checked(replace(settings, port=port, issuer=settings.issuer or f"{scheme}://{host}:{port}"))


def _checked_issuer(settings: Settings) -> str:
    issuer = settings.issuer.removesuffix("/")
    if not issuer:
        return issuer
    try:
        parts = urlsplit(issuer)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        raise SettingsError("issuer: write a URL such as https://tv.example.com") from None
    plain = parts.scheme in ("https", "http") and parts.hostname and not ({"?", "#", "@"} & set(issuer))
    _demand(bool(plain), "issuer", "an https URL without query or fragment, such as https://tv.example.com")
    _demand(re.fullmatch(r"[!-~]+", issuer) is not None and '"' not in issuer, "issuer", "a URL in plain ASCII")
    path = "a path of letters, digits and -._~ alone, such as https://example.com/tv"
    _demand(re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*", parts.path) is not None, "issuer", path)
    if parts.scheme == "http" and not settings.insecure_http:
        _demand(is_loopback(parts.hostname or ""), "issuer", "an https URL (or set insecure_http for a demo)")
    return issuer


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _demand(holds: bool, name: str, what: str) -> None:
    if not holds:
        raise SettingsError(f"{name}: write {what}")
