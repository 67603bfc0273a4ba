"""Every sentence of a mail, in English, under the key a translation will use. The tags in a sentence are ours."""

from typing import Final

MAIL_WORDS: Final[dict[str, str]] = {
    "mail_invitation.subject": "You are invited to {service}",
    "mail_invitation.body": "You can have an account at {service}. With it you sign in your devices, such as a TV.",
    "mail_invitation.link": "Make your account",
    "mail_invitation.after": "The link works once, for 7 days. If you don't want an account, do nothing.",
    "mail_sign_up.subject": "Your account at {service}",
    "mail_sign_up.body": "Somebody typed this address to make an account at {service}. Was it you?",
    "mail_sign_up.link": "Make your account",
    "mail_sign_up.after": "The link works once, for an hour. If it wasn't you, do nothing: there is no account then.",
    "mail_known.body": "Somebody typed this address to make an account at {service}. You have one already: sign in "
    "with this address and your password.",
    "mail_known.link": "If you forgot your password, choose a new one",
    "mail_known.after": "If it wasn't you, do nothing. Nothing was changed.",
    "mail_reset.subject": "A new password for {service}",
    "mail_reset.body": "Somebody asked for a new password for {username} at {service}. Was it you?",
    "mail_reset.link": "Choose a new password",
    "mail_reset.after": "The link works once, for 30 minutes. If it wasn't you, do nothing: your password stays.",
    "mail_email.subject": "Is this your address?",
    "mail_email.body": "{username} at {service} wants to use this address. Was it you?",
    "mail_email.link": "Yes, this is my address",
    "mail_email.after": "The link works once, for an hour. If it wasn't you, do nothing.",
    "mail_changed.subject": "Your password at {service} was changed",
    "mail_changed.body": "{username} has a new password at {service}. Every browser and app had to sign in again.",
    "mail_changed.link": "If this wasn't you, choose a new password now",
    "mail_changed.after": "If it was you, all is well.",
    "mail_device.subject": "New device signed in: {app}",
    "mail_device.body": "{app} was signed in to your account {username} on {time}, from {address}.",
    "mail_device.may": "It calls itself “{claimed}”. We can't check that name.",
    "mail_device.link": "If this wasn't you, sign it out now",
    "mail_device.after": "If it was you, all is well. You find it in My devices.",
}
