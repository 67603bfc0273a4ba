"""Whether a device and a phone are in one network, as far as their addresses tell (RFC 10027 section 6.1.1)."""

import ipaddress

from server.oauth import guess


def same_network(device: str, phone: str, *, is_local: bool) -> bool | None:
    """Whether both asked from one network, as far as addresses tell; None when they cannot tell.

    Two things never share a private address: where they seem to, it is that of a proxy or a router in front of us
    (unless the whole house is on one machine, `is_local`). Side by side in a private network they are neighbours.
    """
    try:
        one, other = ipaddress.ip_address(device), ipaddress.ip_address(phone)
    except ValueError:
        return None
    if is_local or one.is_global or other.is_global:
        return guess.network(device) == guess.network(phone)
    if one == other:
        return None
    return other in ipaddress.ip_network((one, 24 if one.version == 4 else 64), strict=False)
