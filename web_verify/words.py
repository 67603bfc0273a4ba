"""Every sentence a person reads, in English, under the key a translation will use.

Words: connect, sign in, sign out; never authenticate, authorise, grant. Sentence case, short, no idioms. `{…}` is
filled with an escaped value; the tags in a sentence are ours.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from markupsafe import Markup

from web_verify.account_words import ACCOUNT_COUNTED, ACCOUNT_WORDS
from web_verify.catalogue import catalogue
from web_verify.factor_words import FACTOR_COUNTED, FACTOR_WORDS
from web_verify.languages import ENGLISH, Language, choose
from web_verify.leaving_words import LEAVING_WORDS
from web_verify.mail_words import MAIL_WORDS
from web_verify.presence_words import PRESENCE_WORDS
from web_verify.request_words import REQUEST_COUNTED, REQUEST_WORDS
from web_verify.scope_words import SCOPE_WORDS
from web_verify.time_words import TIME_COUNTED, TIME_WORDS

WORDS: Final[dict[str, str]] = {
    # The frame around every page
    "frame.language": "Language:",
    "frame.devices": "My devices",
    "frame.connect": "Connect a device",
    "frame.request": "Request {request_id}",
    # Enter the code
    "enter.h1": "Connect a device",
    "enter.label": "Code on your device",
    "enter.hint_digits": "9 digits, like {example}. You can leave out the dashes.",
    "enter.hint": "8 letters, like {example}. You can leave out the dash, and use small letters.",
    "enter.go": "Continue",
    "enter.safety": "Only use a code from a screen you can see right now. "
    "We never send codes by message, email or phone.",
    "enter.where": "Where do I find the code?",
    "enter.where_body": "Start the sign-in on your device, such as a TV. Its screen shows a square to scan and, "
    "beside it, the code. On a device without a screen, look at the paper or the program that came with it.",
    "enter.empty": "Type the code that your device shows.",
    # Sign in
    "sign_in.h1": "Sign in to continue",
    "sign_in.h1_alone": "Sign in",
    "sign_in.banner": "To sign in {app}",
    "sign_in.username": "Name or email",
    "sign_in.password": "Password",
    "sign_in.go": "Sign in",
    "sign_in.next": "Next you see what asks, and you decide. Nothing is signed in before that.",
    "sign_in.empty_username": "Type your name or email.",
    "sign_in.empty_password": "Type your password.",
    "sign_in.wrong": "That name and password don't match. Check both and try again.",
    "sign_in.blocked": "You can't sign in from here. Ask whoever runs this service.",
    "sign_in.too_many": "Too many tries. Wait {wait}, then try again.",
    # Decide
    "consent.h1": "Is this your device?",
    "consent.code": "Code to compare",
    "consent.q": "Is {code} on a screen in front of you?",
    "consent.seen": "What we can see",
    "consent.app": "App",
    "consent.registered": "Known to {service}",
    "consent.says_so": "registered at {service}, not proven",
    "consent.asked": "Asked",
    "consent.ends": "ends {when}",
    "consent.network": "Network",
    "consent.address": "from {address}",
    "consent.claims": "What the device says of itself",
    "consent.claimed": "It calls itself “{name}”",
    "consent.unverified": "not verified",
    "consent.unnamed": "It gives no name",
    "consent.account": "Account",
    "consent.switch": "Use another account",
    "consent.scopes": "{app} will be able to",
    "consent.scopes_none": "{app} asks for nothing more than to be signed in.",
    "consent.cannot": "It can't see your password or change your account.",
    "consent.less": "Allow less",
    "consent.leave_out": "Leave out: {sentence}",
    "consent.undo": "It stays signed in until you sign it out in My devices. "
    "It also ends when it is not used for {days}.",
    "consent.scam": "Got this code in a message, email or call? It's a scam. Tap <b>Not me</b>.",
    "consent.deny": "Not me",
    "consent.approve": "Yes, sign it in",
    "net.same": "Same network as this phone",
    "net.diff": "Different network from this phone",
    "net.unknown": "We can't tell if it is near this phone",
    # Decide about an app
    "app.h1": "Connect {app}?",
    "app.ends": "This page works until {when}.",
    "app.returns": "Returns to",
    "app.scam": "Did you just ask this app to sign you in? If not, tap <b>No, go back</b>.",
    "app.q": "Connect {app} to your account?",
    "app.deny": "No, go back",
    "app.approve": "Yes, connect",
    "app.undo": "It stays connected until you sign it out in My devices. It also ends when it is not used for {days}.",
    "app.undo_here": "It stays connected until you sign out here, or sign it out in My devices. "
    "It also ends when it is not used for {days}.",
    "post_back.h1": "Back to the app",
    "post_back.go": "Continue",
    # Decided
    "ok.h1": "You're connected",
    "ok.wrong": "Was that a mistake? Sign it out in My devices.",
    "ok.body": "Look at your device. You can close this page.",
    "deny.h1": "Stopped",
    "deny.body": "Nothing was signed in, and your account is safe.",
    "deny.next": "You can close this page. The device shows that it was stopped.",
    "done.app": "App",
    "done.code": "Code",
    "done.when": "When",
    # Nothing to decide
    "wrong.h1": "That code didn't work",
    "wrong.body": "Check the letters on the screen. Letters are {letters}, so there's no zero or letter O.",
    "wrong.body_digits": "Check the digits on the screen, then type them again.",
    "expired.h1": "That code has expired",
    "expired.body": "Ask your device for a new one. Then scan it or type it here.",
    "used.h1": "This code was used already",
    "used.body": "If you didn't expect that, do nothing. Your account is safe. "
    "To connect another device, type the code it shows.",
    "denied.h1": "Stopped",
    "denied.body": "The device was not signed in. If you want to connect it, start again on the device "
    "and type its new code.",
    "too_many.h1": "Too many tries",
    "too_many.body": "Wait {wait}, then type the code again.",
    "blocked.h1": "We stopped this request",
    "blocked.body": "It came from a place this service doesn't allow. Nothing was signed in.",
    # My devices
    "devices.h1": "My devices",
    "devices.account": "Signed in as {name} ({username})",
    "devices.account_short": "Signed in as {name}",
    "devices.leave": "Sign out of this page",
    "devices.claimed": "calls itself “{name}” (not verified)",
    "devices.since": "Signed in",
    "devices.seen": "Last active",
    "devices.from": "From",
    "devices.may": "Allowed to",
    "devices.may_nothing": "be signed in",
    "devices.here": "Signed in",
    "devices.gone": "Signed out",
    "devices.proof": "Signed out at {time}. It can no longer act for you.",
    "devices.sign_out": "Sign out",
    "devices.sign_out_which": "Sign out {app}",
    "devices.all": "Sign out all devices and TVs",
    "devices.all_sure": "Every device below stops at once. You can connect each one again with a new code.",
    "devices.none": "No device is signed in to your account yet.",
    "devices.none_next": "Start the sign-in on your device, then type its code here.",
    # The page could not be answered
    "bad_form.h1": "We couldn't read that",
    "bad_form.body": "The form did not arrive as it was sent. Open the page again and try once more.",
    "undecided.h1": "Nothing was decided",
    "undecided.body": "We didn't get your answer. Open the page again, then tap Not me or Yes, sign it in.",
    "nothing_left.h1": "Nothing is left",
    "nothing_left.body": "Nothing was signed in. Open the page again and allow at least one thing, or tap “Not me”.",
    "not_ours.h1": "We couldn't check that form",
    "not_ours.body": "Nothing was changed. The page may have been open too long, or your browser keeps no cookies. "
    "Open the page again and try once more.",
    "not_found.h1": "There's nothing here",
    "not_found.body": "Check the address. If a device gave it to you, scan its square or type its code.",
    "no_browser.h1": "That browser isn't yours",
    "no_browser.body": "Nothing was changed. Look at the list in My account.",
    "no_device.h1": "That device isn't yours",
    "no_device.body": "Nothing was changed. Look at the list of your devices.",
    "not_allowed.h1": "That doesn't work here",
    "not_allowed.body": "This address can't be used in that way. Nothing was changed. Open the page again.",
    "turned_away.h1": "That app's link doesn't work",
    "turned_away.body": "Nothing was signed in. Go back to the app and try again. "
    "If it happens again, tell whoever made the app.",
    "turned_away.detail": "For whoever made it: {detail}.",
    "request_over.h1": "That took too long, or was answered already",
    "request_over.body": "Nothing more was signed in. Go back to the app and start again there.",
    "too_large.h1": "That was too much",
    "too_large.body": "The form was larger than we read. Nothing was changed. Open the page again and type less.",
    "bad_type.h1": "We couldn't read that",
    "bad_type.body": "Only the form of this page is read here. Nothing was changed. Open the page again.",
    "broken.h1": "Something went wrong here",
    "broken.body": "It is our fault, not yours. Wait a minute, then open the page again. "
    "Your device shows whether it was signed in.",
    "back.again": "Open the page again",
    "back.code": "Type a code",
    **ACCOUNT_WORDS,
    **FACTOR_WORDS,
    **PRESENCE_WORDS,
    **MAIL_WORDS,
    **REQUEST_WORDS,
    **LEAVING_WORDS,
    **SCOPE_WORDS,
    **TIME_WORDS,
}

COUNTED: Final[dict[str, tuple[str, str]]] = {
    "devices.all_go": ("Sign out {n} device", "Sign out all {n} devices"),
    **ACCOUNT_COUNTED,
    **FACTOR_COUNTED,
    **REQUEST_COUNTED,
    **TIME_COUNTED,
}


_SPOKEN: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)
_MAY_HEAR: ContextVar[tuple[Language, ...]] = ContextVar("may_hear", default=())


def speak(language: Language, *, may_hear: tuple[Language, ...] = ()) -> None:
    """Say everything in this language from now on, in this task: each request is answered in one of its own.

    `may_hear`: whoever is answered wished for none of these, and a device's or an app's wish may choose among them.
    """
    _SPOKEN.set(language)
    _MAY_HEAR.set(may_hear)


def hear(ui_locales: Sequence[str]) -> None:
    """What the device or the app that asks would speak: it counts where the person's phone wished for none we have."""
    found = choose(ui_locales, _MAY_HEAR.get())
    if found is not None:
        speak(found)


def spoken() -> Language:
    """What is spoken in this task."""
    return _SPOKEN.get()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak another language for a while."""
    before = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def say(key: str, **facts: object) -> Markup:
    """The sentence under `key` in the language spoken, its facts escaped; an unknown key or a missing fact is a
    KeyError. What a catalogue does not have is said in English."""
    english, language = WORDS[key], spoken()
    sentence = english if language.tag == "en" else catalogue(language.path).sentences.get(key, english)
    return Markup(sentence).format(**facts)  # noqa: S704 - the sentence is ours, `format` escapes the facts


def say_count(key: str, n: int, **facts: object) -> Markup:
    """The counted sentence under `key` in the form that goes with `n`."""
    (one, many), language = COUNTED[key], spoken()
    sentence = one if n == 1 else many
    if language.tag != "en":
        found = catalogue(language.path)
        sentence = found.counted[key][found.form(n)] if key in found.counted else sentence
    return Markup(sentence).format(n=n, **facts)  # noqa: S704 - as above
