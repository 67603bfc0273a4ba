"""What is on the TV's page in each state: how to sign in on the left, one card on the right that the states replace."""

from html import escape

from device_agent.clean import clean
from device_agent.displays import qr
from device_agent.displays.states import minutes, place, say
from device_agent.displays.svg import path_of
from device_agent.words import Words

QUIET = 4  # modules around the QR code (ISO/IEC 18004)
NEW_CODE = ("waiting", "renewed")
PASSING = ("offline", "rate_limited")  # said below the card that is there
ENDS = ("denied", "expired", "failed", "wrong_clock")  # a button leads on
LONG_CODE = 12

_HOLLOW = '<circle cx="12" cy="12" r="10"/>'
_ICONS = {
    "connecting": _HOLLOW + '<path d="M7 12h.01M12 12h.01M17 12h.01"/>',
    "phone_connected": '<rect x="7" y="2" width="10" height="20" rx="2"/><path d="M9.5 12.5l2 2 3.5-4"/>',
    "signed_in": _HOLLOW + '<path d="M7 12.5l3.5 3.5L17 9"/>',
    "denied": _HOLLOW + '<path d="M8 8l8 8M16 8l-8 8"/>',
    "expired": _HOLLOW + '<path d="M12 6v6l4 2"/>',
}
_TROUBLE = '<path d="M12 3L2 21h20z"/><path d="M12 10v5M12 18h.01"/>'


class Page:
    """The page in one state. `card`, `manual` and `foot` are HTML, `status` is text; `facts` are cleaned here."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._code: dict[str, object] = {}
        self._card_state = "connecting"
        self._card_facts: dict[str, object] = {"host": ""}
        self._trouble = ""
        self.state = "connecting"

    def turn(self, state: str, facts: dict[str, object]) -> None:
        """Go to a state; what passes (no connection, a busy server) leaves the card of a live code as it is."""
        self.state = state
        self._trouble = ""
        if state == "note":
            return
        if state in NEW_CODE or state == "phone_connected":
            self._code = facts
        elif state in PASSING and self._code:
            self._trouble = " ".join(say(state, facts, self._words))
            return
        else:
            self._code = {}
        self._card_state, self._card_facts = state, dict(facts)

    @property
    def has_again(self) -> bool:
        """Whether there is a button for another try on the page."""
        return self._card_state in ENDS

    @property
    def is_final(self) -> bool:
        """Whether nothing will follow."""
        return self._card_state == "signed_in"

    @property
    def status(self) -> str:
        """The sentence that is announced; the minutes are no news and not in it."""
        sentence, _ = say(self._card_state, self._card_facts, self._words)
        match = clean(self._card_facts.get("match"), 4)
        if self._card_state == "phone_connected" and match:
            sentence = f"{sentence}. {self._words('phone_connected.action', match=match)}"
        return self._trouble or sentence

    def parts(self) -> dict[str, object]:
        """All that changes with the state, for the script."""
        return {
            "state": self._card_state,
            "is_troubled": bool(self._trouble),
            "is_final": self.is_final,
            "card": self.card(),
            "manual": self.manual(),
            "foot": self.foot(),
            "status": self.status,
        }

    def card(self) -> str:
        """The right card."""
        state, words = self._card_state, self._words
        if state in NEW_CODE:
            return self._square()
        sentence, action = (escape(part) for part in say(state, self._card_facts, words))
        match = escape(clean(self._card_facts.get("match"), 4))
        if state == "phone_connected" and match:
            what = escape(words("tv.number"))
            return f'<p class="said">{sentence}</p><p class="number">{match}</p><p class="what">{what}</p>'
        if state == "phone_connected":
            action = escape(words("tv.plain"))
        elif state in ("signed_in", "denied", "expired"):
            action = escape(words("tv." + state))
        button = ""
        if state in ENDS:
            label = words("tv.another" if state == "expired" else "tv.again")
            button = f'<form method="post" action="again"><button id="again">{escape(label)}</button></form>'
        icon = _ICONS.get(state, _TROUBLE)
        return (
            f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{icon}</svg>'
            f'<p class="said">{sentence}</p><p class="what">{action}</p>{button}'
        )

    def _square(self) -> str:
        facts, words = self._code, self._words
        uri, complete = clean(facts.get("verification_uri"), 500), clean(facts.get("verification_uri_complete"), 500)
        modules = qr.draw(qr.payload(uri, complete)) if uri else []
        if not modules:
            return f'<p class="said">{escape(place(uri))}</p>'
        size = len(modules) + 2 * QUIET
        label = words("tv.qr", place=place(uri), letters=_letters(clean(facts.get("user_code"), 40)))
        return (
            f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="{escape(label)}"'
            f' shape-rendering="crispEdges"><rect width="{size}" height="{size}" fill="#fff"/>'
            f'<path fill="#000" d="{path_of(modules, QUIET, QUIET)}"/></svg>'
        )

    def manual(self) -> str:
        """The way without a camera; empty once the code is of no more use (RFC 8628 section 5.7)."""
        code, words = clean(self._code.get("user_code"), 40), self._words
        if not code:
            return ""
        groups = '<span class="dash">-</span>'.join(escape(group) for group in code.split("-"))
        how = "code long" if len(code) > LONG_CODE else "code"
        where = escape(place(self._code.get("verification_uri")))
        return (
            f"<p>{escape(words('tv.manual'))}</p>"
            f'<p class="place">{where}</p><p>{escape(words("tv.enter"))}</p>'
            f'<p class="{how}" dir="ltr"><span aria-hidden="true">{groups}</span>'
            f'<span class="unseen">{escape(_letters(code))}</span></p>'
        )

    def foot(self) -> str:
        """How long the code is good, and the button that reads it aloud where a script can."""
        code, words = clean(self._code.get("user_code"), 40), self._words
        left = self._code.get("expires_in")
        if not code:
            return ""
        time = ""
        if isinstance(left, int) and self._card_state in NEW_CODE:
            key = "tv.renew" if self._code.get("renews") else "tv.valid"
            time = f'<span id="left">{escape(words(key, time=minutes(left * 1000, words)))}</span>'
        where = place(self._code.get("verification_uri"))
        aloud = escape(words("speak.code", place=where, letters=words.spelled(code)))
        hint = f" <span>{escape(clean(self._code.get('hint')))}</span>" if self._code.get("hint") else ""
        return f'{time}{hint} <button id="aloud" hidden data-aloud="{aloud}">{escape(words("tv.aloud"))}</button>'

    def html(self) -> str:
        """The whole page, complete without a script."""
        words = self._words
        parts = {name: escape(words(name)) for name in ("brand", "tv.title", "tv.step1", "tv.step2", "tv.check")}
        parts["tv.gone"] = escape(words("tv.gone"))
        return f"""<!doctype html>
<html lang="{words.language}" dir="{words.direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{parts["tv.title"]} - {parts["brand"]}</title>
<link rel="stylesheet" href="style.css"><script src="script.js" defer></script></head>
<body><main data-state="{self._card_state}" data-gone="{parts["tv.gone"]}">
<section class="how"><p class="brand">{parts["brand"]}</p><h1>{parts["tv.title"]}</h1>
<ol><li>{parts["tv.step1"]}</li><li>{parts["tv.step2"]}</li></ol>
<div id="manual">{self.manual()}</div><div id="foot">{self.foot()}</div></section>
<section class="now"><div id="card">{self.card()}</div>
<p id="status" role="status" aria-live="polite">{escape(self.status)}</p>
<noscript><form method="get" action="./"><button>{parts["tv.check"]}</button></form></noscript></section>
</main></body></html>
"""


def _letters(code: str) -> str:
    return ", ".join(" ".join(group) for group in code.split("-"))
