"""How a person proved who they are: `amr` (RFC 8176), and the `acr` that follows (OpenID Connect Core section 2).

`phr` and `phrh` are the values of OpenID Connect Extended Authentication Profile ACR Values 1.0: no phisher can pass on
what was shown. A password can be passed on, so it has a name of our own. Who reached a class has reached those below.
"""

from collections.abc import Collection
from typing import Final

PASSWORD: Final = ("pwd",)
PASSWORD_AND_CODE: Final = ("pwd", "otp", "mfa")
# A passkey is a key and, verified, its owner's finger, face or PIN. Without an attestation nobody knows where a key
# lives: what is synced is software's (`swk`), of any other we say no more than that it was possessed (`pop`).
SYNCED_PASSKEY: Final = ("swk", "user", "mfa")
PASSKEY: Final = ("pop", "user", "mfa")
# Another provider said so. RFC 8176 has no word for it; how it knew is its own to say, and we do not repeat it.
FEDERATED: Final = ("fed",)
ACR_PASSWORD: Final = "urn:porchlight:acr:password"  # noqa: S105 - a name
PHISHING_RESISTANT: Final = "phr"
HARDWARE_PROTECTED: Final = "phrh"
# Strongest first: the class, and the methods of which one reaches it.
CLASSES: Final = (
    (HARDWARE_PROTECTED, frozenset(("hwk",))),
    (PHISHING_RESISTANT, frozenset(("hwk", "swk", "pop"))),
    (ACR_PASSWORD, frozenset(("hwk", "swk", "pop", "pwd", "fed"))),
)
# What a person can reach on our pages; with passkeys only where browsers let them work.
ACR_VALUES: Final = (ACR_PASSWORD,)
ACR_WITH_PASSKEYS: Final = (PHISHING_RESISTANT, *ACR_VALUES)


def acr(amr: Collection[str]) -> str:
    """The strongest class that these methods reach; "" when none is known."""
    return next((name for name, methods in CLASSES if methods & {*amr}), "")


def reaches(amr: Collection[str], acr_values: Collection[str]) -> bool:
    """Whether these methods are good for one of the classes asked for; any are where none is asked for."""
    return not acr_values or any(name in acr_values and bool(methods & {*amr}) for name, methods in CLASSES)
