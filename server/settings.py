"""Everything an operator can set, checked before anything starts; where it comes from is in `sources.py`.

A value that cannot work is refused by name, with what to write instead.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

SECOND: Final = 1_000
DAY: Final = 86_400

SCOPES: Final = {
    "openid": "Know which account is yours",
    "profile": "See your name",
    "readings:read": "See the readings of your devices",
    "readings:write": "Send readings for you",
}


_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3


class SettingsError(Exception):
    """A setting is wrong; the message names it and says what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One frozen truth. Durations are in seconds, as an operator writes them; sizes in bytes.

    `issuer` "" means: the address this server is reached at, `http://HOST:PORT`, allowed for loopback only.
    """

    data_dir: Path = field(default=Path("porchlight-data"), metadata={"help": "folder for the database"})
    database_url: str = field(
        default="", repr=False, metadata={"help": "sqlite:///FILE or postgresql://…; default: in the data dir"}
    )
    key_secret: str = field(
        default="", repr=False, metadata={"help": "secret that encrypts the signing keys in the database (not a flag)"}
    )
    signing_algorithm: Literal["ES256", "RS256", "EdDSA"] = field(
        default="ES256", metadata={"help": "how access tokens are signed: ES256, RS256 or EdDSA"}
    )
    issuer: str = field(default="", metadata={"help": "public https URL of this server, as devices and phones see it"})
    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on"})
    port: int = field(default=8628, metadata={"help": "HTTP port; 0 picks one"})
    workers: int = field(default=1, metadata={"help": "server processes; more than one needs PostgreSQL"})
    insecure_http: bool = field(
        default=False, metadata={"help": "allow an http:// issuer (demos in a trusted network)"}
    )
    tls_cert: str = field(default="", metadata={"help": "PEM certificate chain, for HTTP and MQTT alike"})
    tls_key: str = field(default="", metadata={"help": "PEM key of that certificate"})
    trusted_proxies: tuple[str, ...] = field(default=(), metadata={"help": "addresses whose X-Forwarded-* is believed"})
    mqtt_host: str = field(default="", metadata={"help": "address the MQTT broker listens on; default: host"})
    mqtt_port: int = field(default=1883, metadata={"help": "port of the embedded MQTT broker; 0 picks one, -1 is off"})
    mqtt_public_host: str = field(default="", metadata={"help": "MQTT host told to devices; default: the issuer's"})
    mqtt_public_port: int = field(
        default=0, metadata={"help": "MQTT port told to devices; default: the one listened on"}
    )
    mqtt_public_tls: bool = field(
        default=False, metadata={"help": "tell devices to use TLS (a proxy in front does it)"}
    )
    service_name: str = field(default="Porchlight", metadata={"help": "name shown on the pages"})
    user_code: str = field(default="letters", metadata={"help": "letters (WDJB-MJHT) or digits (019-450-730)"})
    code_for: int = field(default=600, metadata={"help": "lifetime of a device code and its user code"})
    access_for: int = field(default=900, metadata={"help": "lifetime of an access token"})
    refresh_idle_for: int = field(default=180 * DAY, metadata={"help": "how long a device may stay switched off"})
    refresh_for: int = field(default=730 * DAY, metadata={"help": "longest a device stays signed in"})
    session_for: int = field(default=30 * DAY, metadata={"help": "how long a browser stays signed in"})
    hold_for: int = field(default=30, metadata={"help": "longest that a token request with Prefer: wait is held"})
    dpop_nonces: bool = field(default=False, metadata={"help": "demand our nonce in every DPoP proof"})
    max_sign_ins: int = field(default=250_000, metadata={"help": "sign-ins in progress held at once"})
    sign_ins_per_network: int = field(
        default=200_000, metadata={"help": "sign-ins in progress of one network (an IPv4 address, an IPv6 /64)"}
    )
    requests_per_network: int = field(
        default=3_000, metadata={"help": "authorization requests of apps that one network may begin in ten minutes"}
    )
    tries_per_session: int = field(default=5, metadata={"help": "wrong codes a browser may type in ten minutes"})
    tries_per_account: int = field(default=10, metadata={"help": "wrong codes or passwords for one account"})
    tries_per_network: int = field(default=30, metadata={"help": "wrong codes or passwords from one network"})
    tries_per_service: int = field(default=1_000, metadata={"help": "wrong codes from everybody together"})
    scopes: Mapping[str, str] = field(
        default_factory=lambda: dict(SCOPES), metadata={"help": "scopes and the sentence shown for each (TOML table)"}
    )
    audiences: Mapping[str, str] = field(
        default_factory=dict, metadata={"help": "other resource servers and the scopes each understands (TOML table)"}
    )

    @property
    def database_file(self) -> Path:
        """Where the database is when no `database_url` names another."""
        return self.data_dir.resolve() / "porchlight.db"

    @property
    def storage_url(self) -> str:
        return self.database_url or f"sqlite:///{self.database_file}"

    @property
    def is_shared_storage(self) -> bool:
        """Whether other servers may work on the same storage."""
        return self.storage_url.startswith("postgresql")

    @property
    def path(self) -> str:
        """The path of the issuer, "" or "/t1"."""
        return urlsplit(self.issuer).path

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine can reach the issuer."""
        return _is_loopback(urlsplit(self.issuer).hostname or "")

    @property
    def is_secure(self) -> bool:
        return self.issuer.startswith("https://")

    @property
    def api_audience(self) -> str:
        """The `aud` of access tokens: the one resource server there is, over HTTP and MQTT (RFC 9068 section 3)."""
        return f"{self.issuer}/api"


def checked(settings: Settings) -> Settings:
    """The same settings when they can work; raises `SettingsError` naming the first that cannot."""
    for name in ("port", "mqtt_port", "mqtt_public_port"):
        lowest = -1 if name == "mqtt_port" else 0
        _demand(lowest <= getattr(settings, name) <= 65_535, name, f"a port from {lowest} to 65535")
    _demand(settings.signing_algorithm in ("ES256", "RS256", "EdDSA"), "signing_algorithm", "ES256, RS256 or EdDSA")
    _demand(len(settings.key_secret) >= 16 or not settings.key_secret, "key_secret", "at least 16 characters")
    _demand(settings.user_code in ("letters", "digits"), "user_code", "letters or digits")
    _demand(60 <= settings.code_for <= 1_800, "code_for", "60 to 1800 seconds")
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
    for name in ("tries_per_network", "tries_per_service", "workers"):
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
    for name in ("tls_cert", "tls_key"):
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
    return replace(settings, issuer=_checked_issuer(settings))


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
        _demand(_is_loopback(parts.hostname or ""), "issuer", "an https URL (or set insecure_http for a demo)")
    return issuer


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _demand(holds: bool, name: str, what: str) -> None:
    if not holds:
        raise SettingsError(f"{name}: write {what}")
