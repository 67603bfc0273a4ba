"""The sentences about signing out because an app asked for it (OpenID Connect RP-Initiated Logout)."""

from typing import Final

LEAVING_WORDS: Final = {
    "leaving.h1": "Sign out here too?",
    "leaving.asked": "{app} signed you out. It asks {service} to sign you out of this browser too.",
    "leaving.asked_unnamed": "An app asks {service} to sign you out of this browser.",
    "leaving.who": "You are signed in as {name}.",
    "leaving.ends": "Apps that you opened in this browser sign you out as well. Your TVs and devices stay signed in.",
    "leaving.stay": "Stay signed in",
    "leaving.go": "Sign out",
    "left.h1": "You're signed out",
    "left.body": "Nobody is signed in to {service} in this browser now. You can close this page.",
    "left.again": "Sign in again",
}
