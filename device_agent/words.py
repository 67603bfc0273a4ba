"""Every sentence that a display of the agent says to a person, by language; a new language is a table and a line."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    # The states: what is, and what to do now.
    "connecting": "Connecting to {host}",
    "connecting.action": "This takes a moment.",
    "waiting": "Waiting for your phone",
    "waiting.action": "Open {verification_uri} and enter {user_code}.",
    "renewed": "This is a new code",
    "renewed.action": "Open {verification_uri} and enter {user_code}. The old code works a little longer.",
    "phone_connected": "Phone connected",
    "phone_connected.action": "Tap or type {match} on your phone.",
    "phone_connected.plain": "Answer on your phone.",
    "signed_in": "Signed in as {who}.",
    "signed_in.action": "Not you? Run porchlight-agent logout.",
    "denied": "Stopped on the phone. Nothing was signed in.",
    "denied.action": "Run porchlight-agent login to try again.",
    "expired": "This code has expired.",
    "expired.action": "{action}",
    "offline": "No connection to {host}. Still trying.",
    "offline.action": "Check this device's network.",
    "rate_limited": "{host} is busy.",
    "rate_limited.action": "The next try is in {seconds} seconds.",
    "wrong_clock": "This device says it is {date}. The server's certificate does not fit that.",
    "wrong_clock.action": "Correct the date and time of this device. If they are right, tell the server's operator.",
    "online": "Online at {host} over MQTT.",
    "online.action": "",
    "failed": "{sentence}",
    "failed.action": "{action}",
    "note": "{sentence}",
    "note.action": "",
    # Around the code.
    "brand": "Porchlight",
    "step1": "Point your phone's camera here",
    "step2": "Answer the question on your phone",
    "manual": "No camera? Go to",
    "enter": "and enter",
    "or_go_to": "Or go to",
    "go_to": "To sign in, go to",
    "same_code": "The code on your phone must be",
    "warning": "Only continue if you started this. If someone sent you this code, press Ctrl-C.",
    "warning.line": "Only continue if you started this. If someone sent you this code, stop here.",
    "valid": "Valid for {time}.",
    "hidden": "The code is hidden. Press h to show it again.",
    "keys": "o open  c copy  h hide",
    "line.code": "Sign in at {verification_uri} with the code {user_code}",
    "line.valid": "(valid for {time})",
    "line.complete": "Or open {verification_uri_complete}",
    "minutes": "{count} minutes",
    "minute": "1 minute",
    "moment": "less than a minute",
    "nobody": "somebody the server did not name",
    # The ends of a sign-in.
    "end.expired": "Run porchlight-agent login for a new one.",
    "end.press": "Press Enter for a new one, Ctrl-C to stop.",
    "end.unreachable": "The server does not answer.",
    "end.unreachable.action": "Check the network, then try again.",
    "end.busy": "The server asks to come back later.",
    "end.busy.action": "Try again in a few minutes.",
    "end.unauthorized_client": "The server does not let this kind of device sign in.",
    "end.unauthorized_client.action": "Ask its operator to allow device sign-in for this --client-id.",
    "end.access_denied": "The server's policy does not allow this sign-in.",
    "end.access_denied.action": "Ask its operator.",
    "end.invalid_client": "The server does not know this kind of device.",
    "end.invalid_client.action": "Check --client-id, or have the operator add the client.",
    "end.invalid_scope": "The server does not offer what was asked for.",
    "end.invalid_scope.action": "Check --scope.",
    "end.unmet": "Nobody can sign in there as well as was asked.",
    "end.unmet.action": "Check --acr and --max-age, or ask the server's operator.",
    "end.refused": "The server ended this sign-in ({detail}).",
    "end.refused.action": "Run porchlight-agent login to try again.",
    "end.broken": "The server's answer makes no sense.",
    "end.broken.action": "Tell its operator, and check --server.",
    # The page for a TV.
    "tv.title": "Sign in with your phone",
    "tv.step1": "Point your phone's camera at the square.",
    "tv.step2": "Answer the question on your phone.",
    "tv.manual": "Or go to",
    "tv.enter": "and enter",
    "tv.renew": "New code in about {time}",
    "tv.valid": "This code is good for {time}",
    "tv.caption": "The camera app is enough.",
    "tv.qr": "QR code: opens {place} with the code {letters}.",
    "tv.aloud": "Read the code aloud",
    "tv.check": "Check now",
    "tv.again": "Try again",
    "tv.another": "Show a new code",
    "tv.number": "Tap or type this number on your phone.",
    "tv.plain": "Answer the question on your phone.",
    "tv.signed_in": "Not you? Sign this device out.",
    "tv.denied": "Press the button to try again.",
    "tv.failed": "Press the button when that is done.",
    "tv.expired": "Nobody used it. Press the button when you are ready.",
    "tv.gone": "This page has lost its device. Start the sign-in again.",
    "tv.no_browser": "There is no Chromium here. Open the page above in a browser of this device.",
    "tv.address": "The page for the TV: {url}",
    # Read aloud.
    "speak.code": "To sign in, go to {place} and enter this code. {letters}. I repeat. {letters}.",
    "speak.match": "Phone connected. Tap or type {letters} on your phone.",
    "speak.as_in": "{letter} as in {word}",
    "speak.dash": "dash",
    "speak.missing": "This device cannot speak: espeak-ng is not installed.",
    "letters": "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa"
    " Quebec Romeo Sierra Tango Uniform Victor Whiskey Xray Yankee Zulu",
}

# language, direction, sentences; what a language lacks is said in English
LANGUAGES = (("en", "ltr", ENGLISH),)


class Words:
    """The sentences in one language. `language` and `direction` ("ltr" or "rtl") are for whoever displays them."""

    def __init__(self, language: str, direction: str, sentences: "Mapping[str, str]") -> None:
        self.language = language
        self.direction = direction
        self._sentences = sentences

    def __call__(self, key: str, **facts: object) -> str:
        """The sentence of this key with the facts filled in. Raises LookupError for a key that is not there."""
        sentence = self._sentences.get(key, ENGLISH.get(key))
        if sentence is None:
            raise LookupError("no such sentence: " + key)
        return sentence.format(**facts)

    def spelled(self, code: str) -> str:
        """`W as in Whiskey, D as in Delta, dash, …`, to be read aloud."""
        spelling = {word[0].upper(): word for word in self("letters").split()}
        parts = []
        for sign in code.upper():
            if sign in spelling:
                parts.append(self("speak.as_in", letter=sign, word=spelling[sign]))
            elif sign.isdecimal():
                parts.append(sign)
            elif sign == "-":
                parts.append(self("speak.dash"))
        return ", ".join(parts)


def words_of(locale: str, environment: "Mapping[str, str]") -> Words:
    """The words for `locale` (`pt-BR`, `de_DE.UTF-8`), or for what the environment says where that is ""."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    wanted = locale or next((environment[name] for name in names if environment.get(name)), "")
    tag = wanted.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    for language, direction, sentences in LANGUAGES:
        if tag == language.lower() or tag.partition("-")[0] == language.lower():
            return Words(language, direction, sentences)
    return IN_ENGLISH


IN_ENGLISH = Words("en", "ltr", ENGLISH)
