"""How a person proved who they are: `amr` (RFC 8176), and the `acr` that follows (OpenID Connect Core section 2)."""

from typing import Final

PASSWORD: Final = ("pwd",)
ACR_PASSWORD: Final = "urn:porchlight:acr:password"  # noqa: S105 - a name
ACR_VALUES: Final = (ACR_PASSWORD,)


def acr(amr: tuple[str, ...]) -> str:
    """The class that these methods reach; "" when none is known."""
    return ACR_PASSWORD if "pwd" in amr else ""
