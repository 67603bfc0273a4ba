"""Reads the forms of a page as a browser would: fields with their values, boxes that are ticked, buttons with names."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_HEADINGS: Final = ("h1", "title")
_LONGEST: Final = 120


@dataclass(slots=True)
class Form:
    """`fields` are the pairs that are sent as they stand, `blanks` the names a person fills in, `buttons` the named
    ways to send it."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    blanks: set[str] = field(default_factory=set)
    buttons: set[tuple[str, str]] = field(default_factory=set)

    def has(self, name: str) -> bool:
        """Whether a person can fill in this name, or answer with it."""
        return name in self.blanks or any(button == name for button, _ in self.buttons)

    def filled(self, *pairs: tuple[str, str]) -> list[tuple[str, str]]:
        """What is sent when the person adds these."""
        named = {name for name, _ in pairs}
        return [pair for pair in self.fields if pair[0] not in named] + list(pairs)


@dataclass(slots=True)
class Page:
    """What the browser shows: the status, the forms in their order, and the heading."""

    status: int
    url: str
    forms: list[Form]
    heading: str

    def form_with(self, name: str) -> Form | None:
        """The first POST form with this blank or button."""
        return next((form for form in self.forms if form.method == "post" and form.has(name)), None)


def read_page(status: int, url: str, html: str) -> Page:
    """Never raises: a page without forms is a page too."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    heading = " ".join(reader.headings["h1"].split()) or " ".join(reader.headings["title"].split())
    return Page(status, url, reader.forms, heading[:_LONGEST])


class _Reader(HTMLParser):
    """Collects forms; what stands outside of one belongs to none."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.headings = dict.fromkeys(_HEADINGS, "")
        self._form: Form | None = None
        self._heading = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag in _HEADINGS:
            self._heading = tag
        elif self._form is not None and given.get("name") and "disabled" not in given:
            if tag == "button" and given.get("type", "submit").lower() == "submit":
                self._form.buttons.add((given["name"], given.get("value", "")))
            elif tag == "input":
                _take(self._form, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == self._heading:
            self._heading = ""

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.headings[self._heading] += data


def _take(form: Form, given: dict[str, str]) -> None:
    kind, name, value = given.get("type", "text").lower(), given["name"], given.get("value", "")
    if kind == "hidden":
        form.fields.append((name, value))
    elif kind in ("checkbox", "radio"):
        if "checked" in given:
            form.fields.append((name, value or "on"))
    elif kind == "submit":
        form.buttons.add((name, value))
    elif kind not in ("image", "button", "reset", "file"):
        form.fields.append((name, value))
        form.blanks.add(name)
