"""What each kind of delivery brings, and to whom: the table from `Delivery.kind` to what is done about it.

The link of a mail is drawn here, when the mail is written; the storage keeps its hash.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from server.house import House
from server.letters import smtp, webhook
from server.letters.logout import logout
from server.oauth.account import Account
from server.oauth.delivery import Delivery
from server.oauth.link import LASTS_FOR, Link, Purpose
from server.oauth.logout import KIND
from server.oauth.secret import digest, draw
from server.oauth.token import Family
from web_verify import mail
from web_verify.languages import named
from web_verify.times import day_and_clock
from web_verify.words import speaking


async def invitation(house: House, delivery: Delivery) -> None:
    """To somebody whom the operator invites."""
    link = await _link(house, "invitation", "join", email=delivery.subject)
    await _send(house, delivery, delivery.subject, "invitation", link)


async def sign_up(house: House, delivery: Delivery) -> None:
    """To whoever wants an account; whoever has one already is told so, here and nowhere else."""
    account = await house.store.find_account_by_email(delivery.subject)
    if account is not None:
        await _send(house, delivery, delivery.subject, "known", f"{house.settings.issuer}/reset", account)
        return
    link = await _link(house, "sign_up", "join", email=delivery.subject)
    await _send(house, delivery, delivery.subject, "sign_up", link)


async def reset(house: House, delivery: Delivery) -> None:
    """To whoever forgot a password; to nobody when no account has this address."""
    account = await house.store.find_account_by_email(delivery.subject)
    if account is None or not account.is_enabled:
        return
    link = await _link(house, "reset", "reset", account_id=account.account_id, email=delivery.subject)
    await _send(house, delivery, delivery.subject, "reset", link, account, username=account.username)


async def email(house: House, delivery: Delivery) -> None:
    """To a new address, which the person has to show to read."""
    account = await house.store.find_account(delivery.account_id)
    if account is None or not account.is_enabled:
        return
    link = await _link(house, "email", "account/email", account_id=account.account_id, email=delivery.subject)
    await _send(house, delivery, delivery.subject, "email", link, account, username=account.username)


async def changed(house: House, delivery: Delivery) -> None:
    """After a new password, to the address of before."""
    account = await house.store.find_account(delivery.account_id)
    if account is not None:
        link = f"{house.settings.issuer}/reset"
        await _send(house, delivery, delivery.subject, "changed", link, account, username=account.username)


async def ways(house: House, delivery: Delivery) -> None:
    """After a passkey, a code app or a link to a provider was added or removed, or a recovery code used."""
    account = await house.store.find_account(delivery.account_id)
    if account is not None:
        link = f"{house.settings.issuer}/account"
        await _send(house, delivery, delivery.subject, "ways", link, account, username=account.username)


async def device_mail(house: House, delivery: Delivery) -> None:
    """A device was signed in: to its person, with the one tap that signs it out."""
    found = await _still_there(house, delivery)
    if found is None or found[1].email is None:
        return
    family, account = found
    link = await _device_link(house, family)
    facts = {
        "app": await _app_name(house, family),
        "claimed": mail.claim(family.given_name or family.claimed_name),
        "time": _said_at(account, family.created_at),
        "address": family.address,
        "username": account.username,
    }
    await _send(house, delivery, account.email or "", "device", link, account, **facts)


async def device_webhook(house: House, delivery: Delivery) -> None:
    """A device was signed in: told to the operator's own address."""
    found = await _still_there(house, delivery)
    if found is None or not house.settings.notice_webhook:
        return
    family, account = found
    told = webhook.new_device(family, account, await _app_name(house, family), await _device_link(house, family))
    await webhook.tell(house.settings, delivery, told, house.now())


async def reported_webhook(house: House, delivery: Delivery) -> None:
    """A person said of a device: this was not me. Told to the operator's own address."""
    family = await house.store.find_family(delivery.subject)
    account = await house.store.find_account(family.account_id) if family is not None else None
    if family is None or account is None or not house.settings.notice_webhook:
        return
    told = webhook.reported_device(family, account, await _app_name(house, family))
    await webhook.tell(house.settings, delivery, told, house.now())


KINDS: Final[Mapping[str, Callable[[House, Delivery], Awaitable[None]]]] = {
    "invitation": invitation,
    "sign_up": sign_up,
    "reset": reset,
    "email": email,
    "changed": changed,
    "ways": ways,
    "device_mail": device_mail,
    "device_webhook": device_webhook,
    "reported_webhook": reported_webhook,
    KIND: logout,
}


async def _still_there(house: House, delivery: Delivery) -> tuple[Family, Account] | None:
    """The device and its person; None when it was signed out meanwhile."""
    family = await house.store.find_family(delivery.subject)
    account = await house.store.find_account(family.account_id) if family is not None else None
    if family is None or account is None or not family.is_live(house.now()):
        return None
    return family, account


async def _app_name(house: House, family: Family) -> str:
    client = await house.clients.find(family.client_id)
    return client.name if client is not None else family.client_id


async def _device_link(house: House, family: Family) -> str:
    return await _link(house, "device", "notice", account_id=family.account_id, family_id=family.family_id)


async def _link(
    house: House, purpose: Purpose, path: str, *, account_id: str = "", email: str = "", family_id: str = ""
) -> str:
    """A fresh link that works once."""
    secret, now = draw(), house.now()
    until = now + LASTS_FOR[purpose]
    await house.store.add_link(
        Link(digest("link", secret), purpose, now, until, account_id, email, family_id, is_mailed=True)
    )
    return f"{house.settings.issuer}/{path}/{secret}"


def _said_at(account: Account, at: int) -> str:
    with speaking(named(account.language)):
        return str(day_and_clock(at))


async def _send(
    house: House, delivery: Delivery, to: str, kind: mail.Kind, link: str, account: Account | None = None, **facts: str
) -> None:
    """In the language that the person was last answered in, or that of whoever asked for the mail."""
    if not house.settings.smtp_url:
        raise smtp.NotSent("smtp_url is not set any more", is_final=True)
    with speaking(named(account.language if account is not None and account.language else delivery.language)):
        written = mail.write(kind, link, service=house.settings.service_name, **facts)
    made = smtp.message(house.settings, to, written, house.now(), delivery.delivery_id)
    await asyncio.to_thread(smtp.send, house.settings, made)
