"""The words for the proof of presence: what is asked before a device is signed in, and what stops it."""

from typing import Final

PRESENCE_WORDS: Final[dict[str, str]] = {
    "match.pick": "Tap the number on your device",
    "match.none": "Not me, none of these",
    "match.choice": "Yes, it shows {number}",
    "match.type": "Type the number on your device",
    "match.type_hint": "Two digits. Your device shows them now.",
    "match.code": "Type the code on your device",
    "match.code_hint": "Read it from the screen in front of you, not from a message.",
    "consent.address_place": "from {address}, near {place}",
    "consent.hidden": "It gives a name that could mislead you, so we don't show it",
    "consent.kept_back": "It won't be able to, because it is not close to you",
    "consent.lasts": "It stays signed in until you sign it out in My devices. It ends at the latest on {time}.",
    # Before the decision
    "far.h1": "This device is far from you",
    "far.body": "The code you opened belongs to a device in another place.",
    "far.places": "It asked from {place}. You are in {phone_place}.",
    "far.ask": "If you did not start this yourself just now, stop it. Nothing is lost.",
    "far.why": "If you go on, we ask you to sign in once more, so that we know it is you.",
    "same_browser.h1": "You seem to be on the device itself",
    "same_browser.body": "The browser that asks to be signed in is like this one, and in the same network. "
    "Codes are for a second device, such as a TV.",
    "same_browser.ask": "If an app or a web page told you to come here, stop it. Sign in there as you always do.",
    "before.stop": "Not me, stop it",
    "before.go": "I'm sure, go on",
    # Nothing was signed in
    "mismatch.h1": "Stopped",
    "mismatch.body": "That was not the number on the device, so nothing was signed in.",
    "mismatch.next": "If the device is in front of you, start again there and use its new code. "
    "If somebody sent you the code, you just stopped them.",
    "shared.h1": "We stopped this request",
    "shared.body": "Two people opened the same code. Nothing was signed in. "
    "If the device is yours, start again on it and type its new code here.",
    "unproven.h1": "Something is missing",
    "unproven.body": "Nothing was signed in. Open the page again, look at your device, and give what is asked for.",
    # Afterwards
    "reported.h1": "Signed out",
    "reported.body": "The device was signed out at once, and whoever runs this service was told.",
    "reported.next": "Your account is safe. If you think that somebody knows your password, change it.",
    "report.title": "This was not me",
    "report.body": "This signs the device out at once and tells whoever runs this service.",
    "report.go": "This was not me, sign it out",
    "report.which": "This was not me, sign out {app}",
}
