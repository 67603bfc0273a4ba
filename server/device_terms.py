"""What the settings lay down for the device flow of every client that has no terms of its own, and their checks.

An instance without any mitigation is refused at start (RFC 10027 sections 2 and 6.1).
"""

from server.oauth.errors import InvalidRequest
from server.oauth.presence import DIGITS, POLICIES, Digits, Policy
from server.oauth.terms import LEVELS, Terms, check_network
from server.places import Places, UnreadablePlaces
from server.settings import SECOND, Settings, SettingsError


def house_terms(settings: Settings) -> Terms:
    """The terms of the house."""
    policies: dict[str, Policy] = {name: name for name in POLICIES}
    digits: dict[str, Digits] = {name: name for name in DIGITS}
    return Terms(
        policies[settings.device_policy],
        digits[settings.device_digits],
        settings.device_networks,
        {scope: LEVELS[level] for scope, level in settings.device_scopes.items()},
        {2: settings.near_for * SECOND, 3: settings.far_for * SECOND},
    )


def check_device_terms(settings: Settings) -> None:
    """Raise `SettingsError` for terms that cannot be meant."""
    _demand(settings.device_policy in POLICIES, "device_policy", ", ".join(POLICIES))
    _demand(settings.device_digits in DIGITS, "device_digits", ", ".join(DIGITS))
    for network in settings.device_networks:
        try:
            check_network(network)
        except InvalidRequest as error:
            raise SettingsError(f"device_networks: {error.description}") from None
    _demand(
        settings.device_policy != "allow" or bool(settings.device_networks),
        "device_policy",
        "challenge, block or report_only; or name device_networks: with allow alone nothing stands between a mailed "
        "code and an account (RFC 10027 section 6.1)",
    )
    for scope, level in settings.device_scopes.items():
        _demand(level in LEVELS, "device_scopes", f"{', '.join(LEVELS)} beside {scope}")
    for name in ("near_for", "far_for"):
        _demand(getattr(settings, name) >= 60, name, "60 seconds or more")
    places = Places(settings.geoip_database)
    try:
        places.open()
    except UnreadablePlaces as error:
        raise SettingsError(f"geoip_database: {error}") from None
    finally:
        places.close()


def _demand(holds: bool, name: str, what: str) -> None:
    if not holds:
        raise SettingsError(f"{name}: write {what}")
