"""Who may learn what a token is worth: a resource server of the tokens that are for it, and of no others (RFC 7662).

A token is opaque to everybody else (section 4): whoever may not know hears the same as of a token that never was.
"""

from collections.abc import Collection, Mapping

from .access import Access
from .client import Client
from .token import Family


def may_learn(caller: Client, access: Access, own_audience: str) -> bool:
    """Whether this caller is a resource server that the access token is for. `own_audience` is that of our own API."""
    return caller.may_introspect and (caller.resource or own_audience) in access.audience


def may_learn_of_refresh(caller: Client, family: Family) -> bool:
    """A refresh token concerns the client that holds it, which learns nothing it could not by using it."""
    return family.client_id == caller.client_id


def narrowed(scopes: Collection[str], caller: Client, audiences: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The scopes that this resource server understands: the rest is none of its business (RFC 9701 section 5).

    `audiences` are the other resource servers, with the scopes of each; our own API knows them all.
    """
    known = audiences.get(caller.resource)
    return tuple(scope for scope in scopes if known is None or scope in known)
