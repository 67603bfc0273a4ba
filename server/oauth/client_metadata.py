"""Client metadata as a registration sends it, read member by member, and the words of its refusals (RFC 7591)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import OAuthError


class InvalidRedirectUri(OAuthError):
    error = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    error = "invalid_client_metadata"


class InvalidSoftwareStatement(OAuthError):
    error = "invalid_software_statement"


class UnapprovedSoftwareStatement(OAuthError):
    error = "unapproved_software_statement"


@dataclass(frozen=True, slots=True)
class Said:
    """The metadata as it came, read member by member. null and "" count as absent."""

    members: Mapping[str, Any]

    def text(self, name: str, longest: int = 2_048) -> str:
        value = self.members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise InvalidClientMetadata(f"{name} is a text of at most {longest} characters")
        return value

    def texts(self, name: str) -> tuple[str, ...] | None:
        value = self.members.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise InvalidClientMetadata(f"{name} is a list of texts")
        return tuple(dict.fromkeys(value))

    def flag(self, name: str) -> bool:
        value = self.members.get(name)
        if value is not None and not isinstance(value, bool):
            raise InvalidClientMetadata(f"{name} is true or false")
        return bool(value)
