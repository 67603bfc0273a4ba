"""The notice of a new device to an address of the operator: JSON, signed as Standard Webhooks says.

`webhook-signature` is `v1,` and the Base64 of HMAC-SHA-256 over `id.timestamp.body`, keyed by `notice_secret`. The same
notice keeps its `webhook-id` when it is tried again.
"""

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Any

from server import outbound
from server.letters.smtp import NotSent
from server.oauth.account import Account
from server.oauth.delivery import Delivery
from server.oauth.token import Family
from server.settings import SECOND, Settings
from web_verify.mail import claim
from web_verify.times import moment


def new_device(family: Family, account: Account, app_name: str, link: str) -> dict[str, Any]:
    """What is told; `sign_out_url` asks one tap of whoever opens it, and approves nothing."""
    return {
        "type": "device.signed_in",
        "timestamp": moment(family.created_at).isoformat(timespec="milliseconds"),
        "data": {
            "account": {"account_id": account.account_id, "username": account.username, "name": account.name},
            "device": {
                "device_id": family.device_id,
                "client_id": family.client_id,
                "app": app_name,
                "claimed_name": claim(family.claimed_name),
                "address": family.address,
                "scopes": list(family.scopes),
            },
            "sign_out_url": link,
        },
    }


def reported_device(family: Family, account: Account, app_name: str) -> dict[str, Any]:
    """What is told when a person says of a device: this was not me. It is signed out already; there is no link."""
    told = new_device(family, account, app_name, "")
    told["data"].pop("sign_out_url")
    at = family.ended_at if family.ended_at is not None else family.last_seen_at
    return told | {"type": "device.reported", "timestamp": moment(at).isoformat(timespec="milliseconds")}


async def tell(settings: Settings, delivery: Delivery, told: dict[str, Any], now: int) -> None:
    """Bring it. Raises `NotSent`, or what `outbound.fetch` raises; any answer of 2xx is a yes."""
    body = json.dumps(told, ensure_ascii=False).encode()
    at = str(now // SECOND)
    headers = (
        ("content-type", "application/json"),
        ("webhook-id", delivery.delivery_id),
        ("webhook-timestamp", at),
        ("webhook-signature", signature(settings.notice_secret, delivery.delivery_id, at, body)),
    )
    answer = await outbound.fetch(settings, "POST", settings.notice_webhook, headers=headers, body=body)
    if not 200 <= answer.status < 300:
        raise NotSent(f"notice_webhook answered {answer.status}", is_final=answer.status == 410)


def signature(secret: str, message_id: str, at: str, body: bytes) -> str:
    """What the receiver computes too, and compares in constant time."""
    mac = hmac.new(secret.encode(), f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{b64encode(mac.digest()).decode()}"
