"""Reading a form of a page as a browser would, for a phone without scripts."""

from html.parser import HTMLParser


class Form:
    """One form: its action, what it would send if nothing were typed, and the names of all its controls."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, list[str]] = {}
        self.names: set[str] = set()


class Forms(HTMLParser):
    """All forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[Form] = []
        self._inside: Form | None = None
        self.feed(page)

    def with_control(self, name: str) -> Form:
        """The first form that has a control of this name."""
        for form in self.all:
            if name in form.names:
                return form
        raise AssertionError(f"the page has no form with {name}")

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._inside = Form(given.get("action", ""))
            self.all.append(self._inside)
        elif tag in ("input", "button") and self._inside is not None and "name" in given:
            self._inside.names.add(given["name"])
            kind = given.get("type", "text")
            is_sent = tag == "input" and kind not in ("submit", "button")
            if is_sent and (kind not in ("checkbox", "radio") or "checked" in given):
                self._inside.fields.setdefault(given["name"], []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
