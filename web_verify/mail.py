"""Mails as a person reads them: plain text and simple HTML of the same few sentences, and at most one link.

No picture, no style sheet, nothing that is fetched, and nothing in the subject but what the server itself says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Final, Literal

from markupsafe import Markup

from web_verify.claims import harmless
from web_verify.words import WORDS, say, spoken

Kind = Literal["invitation", "sign_up", "known", "reset", "email", "changed", "ways", "device"]

# kind -> subject, sentences before the link, what the link says, sentences after it
KINDS: Final[dict[Kind, tuple[str, tuple[str, ...], str, tuple[str, ...]]]] = {
    "invitation": (
        "mail_invitation.subject", ("mail_invitation.body",), "mail_invitation.link", ("mail_invitation.after",)
    ),
    "sign_up": ("mail_sign_up.subject", ("mail_sign_up.body",), "mail_sign_up.link", ("mail_sign_up.after",)),
    "known": ("mail_sign_up.subject", ("mail_known.body",), "mail_known.link", ("mail_known.after",)),
    "reset": ("mail_reset.subject", ("mail_reset.body",), "mail_reset.link", ("mail_reset.after",)),
    "email": ("mail_email.subject", ("mail_email.body",), "mail_email.link", ("mail_email.after",)),
    "changed": ("mail_changed.subject", ("mail_changed.body",), "mail_changed.link", ("mail_changed.after",)),
    "ways": ("mail_ways.subject", ("mail_ways.body",), "mail_ways.link", ("mail_ways.after",)),
    "device": (
        "mail_device.subject", ("mail_device.body", "mail_device.may"), "mail_device.link", ("mail_device.after",)
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mail:
    """What is sent."""

    subject: str
    text: str
    html: str


def write(kind: Kind, link: str, **facts: str) -> Mail:
    """The mail of this kind, in the language spoken. `facts` fill its sentences; what a stranger chose among
    them is made harmless first."""
    subject, before, link_words, after = KINDS[kind]
    shown = {name: harmless(value, 60) or "" for name, value in facts.items()}
    lines = [say(key, **shown) for key in before if all(shown[name] for name in _named(key))]
    last = [say(key, **shown) for key in after]
    words = say(link_words, **shown)
    text = "\n\n".join([*map(_plain, lines), f"{_plain(words)}:\n{link}", *map(_plain, last)]) + "\n"
    return Mail(_plain(say(subject, **shown)), text, _html(lines, words, link, last))


def _named(key: str) -> list[str]:
    """The facts that a sentence needs; without one of them it is left out."""
    return [name for _, name, _, _ in Formatter().parse(WORDS[key]) if name]


def claim(claimed: str | None) -> str:
    """What a device says of itself, made harmless; "" when it says nothing."""
    return harmless(claimed) or ""


def _html(before: Sequence[Markup], words: Markup, link: str, after: Sequence[Markup]) -> str:
    paragraph = Markup("<p>{}</p>")
    parts = [paragraph.format(line) for line in before]
    parts.append(Markup('<p><a href="{}"><b>{}</b></a></p>').format(link, words))
    parts += [paragraph.format(line) for line in after]
    body = Markup("\n").join(parts)
    language = spoken()
    head = f'<!doctype html>\n<html lang="{language.tag}" dir="{language.direction}"><meta charset="utf-8"><body>\n'
    return f"{head}{body}\n</body></html>\n"


def _plain(words: Markup) -> str:
    """The sentence without its marks."""
    return " ".join(words.striptags().split())
