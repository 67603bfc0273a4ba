"""Tell an app that its session is over (OpenID Connect Back-Channel Logout section 2.5)."""

from typing import Final
from urllib.parse import urlencode

from server import outbound
from server.house import House
from server.letters.smtp import NotSent
from server.oauth.delivery import Delivery
from server.oauth.secret import draw_id
from server.signing.logout_token import sign_logout

HEADERS: Final = (("content-type", "application/x-www-form-urlencoded"),)


async def logout(house: House, delivery: Delivery) -> None:
    """Bring a fresh logout token to the app of this family. Raises `NotSent`, or what `outbound.fetch` raises.

    An app that answers 400 has read the token and wants none of it: it is not asked again (section 2.8).
    """
    family = await house.store.find_family(delivery.subject)
    client = await house.clients.find(family.client_id) if family is not None else None
    if family is None or client is None or not client.is_enabled or not client.backchannel_logout_uri:
        return
    token = sign_logout(house.mint.ring, house.settings.issuer, family, draw_id(), house.now())
    body = urlencode({"logout_token": token}).encode()
    uri = client.backchannel_logout_uri
    answer = await outbound.fetch(house.settings, "POST", uri, headers=HEADERS, body=body, limit=16_384)
    if not 200 <= answer.status < 300:
        raise NotSent(f"the app {client.client_id} answered {answer.status}", is_final=answer.status == 400)
