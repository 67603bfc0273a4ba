"""Reads what a browser brings of a passkey (WebAuthn Level 3 sections 7.1 and 7.2), by py_webauthn.

The library costs six megabytes, so it is loaded where the first passkey is shown. No attestation is asked for: which
make of key somebody uses is nobody's business here, so nothing is claimed about hardware either.
"""

import ipaddress
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

LONGEST: Final = 6_000  # characters of what a browser brings
LONGEST_ID: Final = 1_400  # base64url of 1023 bytes (section 5.1.3) and a little
ALGORITHMS: Final = (-8, -7, -257)  # EdDSA, ES256, RS256


class Unproven(Exception):
    """It is no proof, or not one of this challenge; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who asks: `rp_id` and `origin` follow from the issuer alone, never from a request."""

    rp_id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a browser made. `is_synced`: it may be copied to other devices of the person."""

    credential_id: str
    public_key: str
    sign_count: int
    is_synced: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser showed of a key that we know."""

    sign_count: int
    is_synced: bool


@lru_cache(maxsize=16)
def party_of(issuer: str, name: str) -> Party | None:
    """None where no browser lets passkeys work: at an address without a name, or over plain http."""
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_here = host == "localhost" or host.endswith(".localhost")
        if parts.scheme == "https" or is_here:
            return Party(host, f"{parts.scheme}://{parts.netloc.lower()}", name)
    return None


def creation_options(
    party: Party, *, challenge: str, account_id: str, username: str, shown_name: str, known: Iterable[str]
) -> dict[str, Any]:
    """For `navigator.credentials.create`; binary members are base64url. `known` are the keys there are already."""
    handle = urlsafe_b64encode(account_id.encode()).rstrip(b"=").decode()
    return {
        "rp": {"id": party.rp_id, "name": party.name},
        "user": {"id": handle, "name": username, "displayName": shown_name},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "excludeCredentials": [{"type": "public-key", "id": each} for each in known],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
        "timeout": 300_000,
    }


def request_options(party: Party, *, challenge: str) -> dict[str, Any]:
    """For `navigator.credentials.get`: the same for everybody, so that it tells nothing about anybody."""
    return {"rpId": party.rp_id, "challenge": challenge, "userVerification": "required", "timeout": 300_000}


def challenge_of(text: str) -> str:
    """The challenge that it answers to, and nothing proven yet. Raises `Unproven`."""
    try:
        client_data = json.loads(_decoded(_parsed(text)["response"]["clientDataJSON"]))
        challenge = client_data["challenge"]
        if not isinstance(challenge, str) or not challenge.isascii():
            raise TypeError("challenge")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unproven(f"unreadable: {type(error).__name__}") from None
    return challenge


def named_key(text: str) -> tuple[str, str]:
    """Which key it claims to be of, and of which account (its user handle). Raises `Unproven`."""
    try:
        answer = _parsed(text)
        credential_id, handle = answer["id"], answer["response"].get("userHandle") or ""
        if not isinstance(credential_id, str) or not credential_id.isascii():
            raise TypeError("id")
        return credential_id, _decoded(handle).decode() if handle else ""
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unproven(f"unreadable: {type(error).__name__}") from None


def read_new(text: str, party: Party, challenge: str) -> NewKey:
    """The key that was made, user verified. Raises `Unproven`. Milliseconds of work, the first time a tenth second."""
    from webauthn import verify_registration_response

    try:
        made = verify_registration_response(
            credential=_parsed(text),
            expected_challenge=_decoded(challenge),
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception as error:  # the library raises its own, and for what is malformed anything
        raise Unproven(f"{type(error).__name__}: {error}"[:200]) from None
    credential_id = urlsafe_b64encode(made.credential_id).rstrip(b"=").decode()
    if len(credential_id) > LONGEST_ID:
        raise Unproven("the credential's id is too long")
    public_key = urlsafe_b64encode(made.credential_public_key).rstrip(b"=").decode()
    return NewKey(credential_id, public_key, made.sign_count, made.credential_device_type == "multi_device")


def read_used(text: str, party: Party, challenge: str, public_key: str) -> Shown:
    """What was shown of the key, user verified. The counter is the law's to judge. Raises `Unproven`."""
    from webauthn import verify_authentication_response

    try:
        shown = verify_authentication_response(
            credential=_parsed(text),
            expected_challenge=_decoded(challenge),
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            credential_public_key=_decoded(public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:
        raise Unproven(f"{type(error).__name__}: {error}"[:200]) from None
    return Shown(shown.new_sign_count, shown.credential_device_type == "multi_device")


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise ValueError("too long")
    answer = json.loads(text)
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise TypeError("answer")
    return answer


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
