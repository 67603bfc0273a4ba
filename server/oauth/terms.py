"""What an operator lays down for the device flow of a client: networks, scopes and lifetimes by level, the policy.

RFC 10027 sections 6.1.8 (trusted networks), 6.1.9 (fewer scopes), 6.1.10 (shorter lives) and 6.2 (nothing sensitive).
"""

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from .client import Client
from .errors import InvalidRequest
from .presence import DIGITS, POLICIES, Digits, Level, Policy, Proof

NEVER: Final = "never"
LEVELS: Final[Mapping[str, int]] = {NEVER: -1, "L0": 0, "L1": 1, "L2": 2, "L3": 3}
_IN_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules for one client. `scopes`: the highest level at which a scope is given (-1: never by this flow).

    `lifetimes`: the longest sign-in by level, in milliseconds. `networks` may ask for codes; none: all may.
    """

    policy: Policy = "challenge"
    digits: Digits = "auto"
    networks: tuple[str, ...] = ()
    scopes: Mapping[str, int] = field(default_factory=dict)
    lifetimes: Mapping[int, int] = field(default_factory=dict)

    def may_ask_from(self, address: str) -> bool:
        """Whether a device at this address may begin (section 6.1.8)."""
        return not self.networks or _is_within(address, self.networks)

    def asked(self, scopes: Collection[str]) -> tuple[str, ...]:
        """Those of the scopes that this flow gives at all (section 6.2)."""
        return tuple(scope for scope in scopes if self.scopes.get(scope, Level.BLOCKED) >= 0)

    def granted(self, scopes: Collection[str], level: int, proof: str) -> tuple[str, ...]:
        """Those of the scopes that are given at this level (section 6.1.9).

        A typed code proves little, since it may have come in a mail: it is worth no more than the level above.
        """
        worth = Level.FAR if proof == "code" else level
        return tuple(scope for scope in scopes if self.scopes.get(scope, Level.BLOCKED) >= worth)

    def lasts_for(self, level: int) -> int | None:
        """The longest that a sign-in of this level may last, in milliseconds (section 6.1.10); None: no limit."""
        return self.lifetimes.get(level)


def terms_of(client: Client, house: Terms) -> Terms:
    """The client's own terms, the house's where it has none."""
    own = (client.device_policy, client.device_digits, client.device_networks)
    if not any((*own, client.device_scopes, client.device_lifetimes)):
        return house
    own_scopes = dict(_pair(word) for word in client.device_scopes)
    own_lives = dict(_pair(word) for word in client.device_lifetimes)
    return Terms(
        next((policy for policy in POLICIES if policy == client.device_policy), house.policy),
        next((digits for digits in DIGITS if digits == client.device_digits), house.digits),
        client.device_networks or house.networks,
        {**house.scopes, **{scope: LEVELS[level] for scope, level in own_scopes.items()}},
        {**house.lifetimes, **{LEVELS[level]: seconds(text) * 1_000 for level, text in own_lives.items()}},
    )


def check_terms(client: Client) -> None:
    """Raise `InvalidRequest` with what is wrong with a client's own terms."""
    if client.device_policy not in ("", *POLICIES):
        raise InvalidRequest(f"the policy is one of {', '.join(POLICIES)}")
    if client.device_digits not in ("", *DIGITS):
        raise InvalidRequest(f"digits is one of {', '.join(DIGITS)}")
    for network in client.device_networks:
        check_network(network)
    if client.device_policy == "allow" and not client.device_networks:
        raise InvalidRequest(
            "the policy allow leaves nothing between a mailed code and an account: name the networks that may ask"
        )
    for word in client.device_scopes:
        scope, level = _pair(word)
        if level not in LEVELS or scope not in client.scopes:
            raise InvalidRequest(f"write SCOPE=LEVEL with a scope of this client and {', '.join(LEVELS)}, not {word}")
    for word in client.device_lifetimes:
        level, text = _pair(word)
        if level not in ("L0", "L1", "L2", "L3") or seconds(text) < 60:
            raise InvalidRequest(f"write LEVEL=DURATION such as L2=30d or L3=24h, not {word}")


def check_network(text: str) -> None:
    """Raise `InvalidRequest` unless this is an address or a network."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidRequest(f"write networks such as 10.0.0.0/8, not {text}") from None


def seconds(text: str) -> int:
    """`90s`, `15m`, `24h`, `30d` or plain seconds; 0 for anything else."""
    digits, unit = (text[:-1], text[-1:]) if text[-1:] in _IN_SECONDS else (text, "s")
    return int(digits) * _IN_SECONDS[unit] if digits.isascii() and digits.isdecimal() and len(digits) < 10 else 0


def proof_words(proof: Proof) -> str:
    """A proof in a few plain words, for operators."""
    return {
        "approve": "a button",
        "pick": "tap one of three numbers",
        "type": "type the number",
        "code": "type the code",
    }[proof]


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.rpartition("=")
    return name, value


@lru_cache(maxsize=4_096)
def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return any((mapped or parsed) in ipaddress.ip_network(network, strict=False) for network in networks)
