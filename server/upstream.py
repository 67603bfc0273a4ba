"""The other OpenID providers that the settings name, read and checked: the table `providers` of the TOML file."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from server.oauth.provider import WELL_KNOWN, Provider
from server.settings import Settings, SettingsError, is_loopback

_KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.[a-z0-9-]{2,}")
_KNOWN: Final = frozenset(
    ("name", "issuer", "client_id", "client_secret", "scopes", "link_by_verified_email", "sign_up", "domains")
)
MOST: Final = 12


def providers_of(settings: Settings) -> dict[str, Provider]:
    """By their key, in the order of the file. Raises `SettingsError` for what cannot work."""
    _demand(len(settings.providers) <= MOST, "", f"at most {MOST} of them")
    return {key: _provider(key, table, settings) for key, table in settings.providers.items()}


def _provider(key: str, table: Mapping[str, Any], settings: Settings) -> Provider:
    _demand(_KEY.fullmatch(key) is not None, "", f"[providers.NAME] with a name of a-z, 0-9 and -, not {key!r}")
    unknown = sorted(set(table) - _KNOWN)
    _demand(not unknown, key, f"{', '.join(sorted(_KNOWN))}; there is no {', '.join(unknown)}")
    texts = {name: table.get(name, "") for name in ("name", "issuer", "client_id", "client_secret")}
    for name, text in texts.items():
        is_text = isinstance(text, str) and text.isprintable() and len(text) <= 2_000
        _demand(is_text and bool(text or name == "name"), key, f"a text as its {name}")
    scopes = tuple(str(table.get("scopes", "openid email profile")).split())
    _demand("openid" in scopes, key, "scopes that hold openid")
    switches = {name: table.get(name, False) for name in ("link_by_verified_email", "sign_up")}
    for name, switch in switches.items():
        _demand(isinstance(switch, bool), key, f"true or false as its {name}")
    domains = table.get("domains", [])
    are_domains = isinstance(domains, list) and all(isinstance(each, str) and _is_domain(each) for each in domains)
    _demand(are_domains, key, 'domains such as ["example.com"]')
    return Provider(
        key,
        texts["name"] or key,
        _issuer(key, texts["issuer"], settings),
        texts["client_id"],
        texts["client_secret"],
        scopes,
        links_by_email=switches["link_by_verified_email"],
        signs_up=switches["sign_up"],
        domains=tuple(each.lower() for each in domains),
    )


def _is_domain(text: str) -> bool:
    return _DOMAIN.fullmatch(text.lower()) is not None


def _issuer(key: str, url: str, settings: Settings) -> str:
    issuer = url.removesuffix(WELL_KNOWN)
    parts = urlsplit(issuer)
    is_private = settings.outbound_private and parts.scheme == "http" and is_loopback(parts.hostname or "")
    is_plain = bool(parts.hostname) and not ({"?", "#", "@", " ", "{"} & set(issuer))
    what = "its issuer, or the address of its discovery document: an https URL of one tenant"
    _demand(is_plain and (parts.scheme == "https" or is_private), key, what)
    return issuer


def _demand(holds: bool, key: str, what: str) -> None:
    if not holds:
        raise SettingsError(f"providers{f'.{key}' if key else ''}: write {what}")
