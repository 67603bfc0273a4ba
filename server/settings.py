"""Everything an operator can set; where it comes from is in `sources.py`, what it must hold in `checks.py`."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from server.oauth.claim import RESERVED

SECOND: Final = 1_000
DAY: Final = 86_400

SCOPES: Final = {
    "openid": "Know which account is yours",
    "profile": "See your name",
    "offline_access": "Stay connected when you sign out here",
    "readings:read": "See the readings of your devices",
    "readings:write": "Send readings for you",
}


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
    mtls_header: str = field(
        default="", metadata={"help": "header in which trusted_proxies pass on client certificates (RFC 8705)"}
    )
    mtls_ca: str = field(
        default="", metadata={"help": "PEM file of the authorities that issue them; without it no tls_client_auth"}
    )
    mtls_issuer: str = field(
        default="",
        metadata={"help": "https URL where the proxy asks for client certificates, if not the issuer's"},
    )
    outbound_private: bool = field(
        default=False, metadata={"help": "let clients name addresses in this network, and http:// on this machine"}
    )
    outbound_ca: str = field(
        default="", metadata={"help": "PEM file of more authorities that clients' own servers may have"}
    )
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
    backchannel_for: int = field(
        default=300, metadata={"help": "how long a person may take to answer an app that asks on their phone (CIBA)"}
    )
    prompts_per_hour: int = field(
        default=20, metadata={"help": "how often an hour one person may be asked by all apps together; one app: half"}
    )
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
    tries_per_caller: int = field(
        default=1_000, metadata={"help": "tokens of unknown origin that one client may introspect in ten minutes"}
    )
    audit_for: int = field(default=400, metadata={"help": "how many days the events of the audit are kept"})
    registration: Literal["off", "invited", "open"] = field(
        default="off", metadata={"help": "who may make an account on the pages: off, invited or open"}
    )
    shortest_password: int = field(default=15, metadata={"help": "characters of a password that a person chooses"})
    breached_passwords: str = field(
        default="", metadata={"help": "sorted file of stolen passwords, as SHA-1 or plain, that nobody may choose"}
    )
    smtp_url: str = field(
        default="",
        repr=False,
        metadata={"help": "mail server: smtp://USER:PASSWORD@HOST:587 or smtps://… (not a flag)"},
    )
    mail_from: str = field(default="", metadata={"help": "sender of mails, such as Porchlight <tv@example.com>"})
    mails_per_network: int = field(default=20, metadata={"help": "mails that one network may ask for in an hour"})
    notice_webhook: str = field(default="", metadata={"help": "URL that is told of each new device"})
    notice_secret: str = field(
        default="", repr=False, metadata={"help": "secret that signs what the webhook is told (not a flag)"}
    )
    device_policy: str = field(
        default="challenge", metadata={"help": "allow, challenge, block or report_only: the presence ladder"}
    )
    device_digits: str = field(
        default="auto", metadata={"help": "auto, required or off: the number that a device shows and a person repeats"}
    )
    device_networks: tuple[str, ...] = field(
        default=(), metadata={"help": "networks whose devices may ask for codes; default: all"}
    )
    device_scopes: Mapping[str, str] = field(
        default_factory=lambda: {"readings:write": "L2"},
        metadata={"help": "the highest level at which a device gets a scope: never, L0 to L3 (TOML table)"},
    )
    near_for: int = field(default=30 * DAY, metadata={"help": "longest sign-in of a device in another network (L2)"})
    far_for: int = field(default=DAY, metadata={"help": "longest sign-in of a device that is far away (L3)"})
    geoip_database: tuple[str, ...] = field(
        default=(), metadata={"help": "files in MaxMind's format with countries or networks; needs the extra geoip"}
    )
    reserved_names: tuple[str, ...] = field(
        default=RESERVED, metadata={"help": "words that a device's own name must not hold, or it is not shown"}
    )
    providers: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        repr=False,
        metadata={"help": "other OpenID providers that people may sign in with (TOML tables)", "tables": True},
    )
    scopes: Mapping[str, str] = field(
        default_factory=lambda: dict(SCOPES), metadata={"help": "scopes and the sentence shown for each (TOML table)"}
    )
    scopes_in: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict,
        metadata={"help": "sentences of scopes in other languages (TOML tables: [scopes_in.fr])", "tables": True},
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
        return is_loopback(urlsplit(self.issuer).hostname or "")

    @property
    def is_secure(self) -> bool:
        return self.issuer.startswith("https://")

    @property
    def api_audience(self) -> str:
        """The `aud` of access tokens: the one resource server there is, over HTTP and MQTT (RFC 9068 section 3)."""
        return self.issuer + self.api_path

    @property
    def api_path(self) -> str:
        """Where our own API is, under the issuer."""
        return "/api"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
