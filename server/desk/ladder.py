"""What the desk knows of device and phone when a code is opened: the facts of the presence ladder, and its terms."""

from typing import Final

from server.desk.network import same_network
from server.desk.visits import Visits
from server.oauth.client import Client
from server.oauth.device import DeviceAuthorization
from server.oauth.event import Sought
from server.oauth.presence import Facts, History, Likeness, browser_of
from server.oauth.terms import Terms, terms_of
from server.places import alike
from web_verify.desk import Visitor

_LIKE: Final[dict[bool | None, Likeness]] = {True: "same", False: "different", None: "unknown"}
MOST_REPORTS: Final = 200


class Ladder(Visits):
    """The ground of the parts of the desk that ask for a proof of presence."""

    async def _terms(self, client_id: str) -> Terms:
        client = await self._house.clients.find(client_id)
        return self._house.terms if client is None else terms_of(client, self._house.terms)

    async def _facts(self, authorization: DeviceAuthorization, visitor: Visitor, account_id: str) -> Facts:
        """All that is known when this visitor opens the code; whether it is shared is asked in the transaction."""
        house = self._house
        device, phone = house.places.of(authorization.address), house.places.of(visitor.address)
        alone = same_network(authorization.address, visitor.address, is_local=house.settings.is_local)
        client = await house.clients.find(authorization.client_id)
        jkt = authorization.jkt
        return Facts(
            network=_LIKE[alone],
            country=alike(device.country, phone.country),
            is_hosted=device.is_hosted,
            is_known_key=jkt is not None and await house.store.is_known_device(authorization.client_id, jkt),
            history="none" if jkt is None else await self._history(account_id, jkt),
            is_app_proven=is_proven(client),
            is_same_browser=bool(authorization.browser) and authorization.browser == browser_of(visitor.browser),
        )

    async def _history(self, account_id: str, jkt: str) -> History:
        """What became of the sign-ins of this account by this key."""
        store = self._house.store
        theirs = {each.family_id for each in await store.families(account_id) if each.jkt == jkt}
        if not theirs:
            return "none"
        reports = await store.events(Sought(what=("reported",), account_id=account_id), MOST_REPORTS)
        return "reported" if theirs & {each.event.family_id for each in reports} else "known"


def is_proven(client: Client | None) -> bool:
    """Whether the app authenticates as the one that an operator registered."""
    return client is not None and client.auth_method != "none" and not client.is_claimed
