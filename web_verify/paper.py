"""The templates: autoescaped, and strict: a page with a missing fact fails in a test, not before a person."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from markupsafe import Markup

from web_verify import times
from web_verify.claims import harmless
from web_verify.headers import LIVE, PASSKEY
from web_verify.look import Look
from web_verify.words import say, say_count, spoken

if TYPE_CHECKING:
    from jinja2 import Environment, Template

TEMPLATES = Path(__file__).parent / "templates"


def bdi(text: str) -> Markup:
    """A foreign text inside a sentence: escaped, and its direction kept from turning the sentence round."""
    return Markup("<bdi>{}</bdi>").format(text)


def bdis(facts: Mapping[str, str]) -> dict[str, Markup]:
    """Each of them as `bdi` makes it."""
    return {name: bdi(text) for name, text in facts.items()}


def ltr(text: str) -> Markup:
    """Letters and digits inside a sentence that stay left to right, whichever way the sentence runs."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(text)


def letters(code: str) -> Markup:
    """A code inside a sentence: always left to right, in the font that tells look-alikes apart."""
    return Markup('<b class="letters" dir="ltr">{}</b>').format(code)


class Paper:
    """The templates of one issuer's pages, with what every page needs already on them."""

    def __init__(self, look: Look, stylesheet: str) -> None:
        """`stylesheet` is the path of the stylesheet under the prefix."""
        self._look = look
        self._stylesheet = look.prefix + stylesheet

    @cached_property
    def _templates(self) -> "Environment":
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # two megabytes, with the first page

        made = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        made.globals.update(
            look=self._look, stylesheet=self._stylesheet, spoken=spoken, ltr=ltr, say=say, say_count=say_count,
            url=self.url, times=times, harmless=harmless, bdi=bdi, bdis=bdis, href=self.link, letters=letters,
            live=Markup(LIVE), passkey_script=Markup(PASSKEY),  # noqa: S704 - our own files
        )  # fmt: skip
        return made

    def url(self, path: str, *parts: str) -> str:
        """A link under the prefix; each of `parts` becomes one quoted segment of the path."""
        return self._look.prefix + path + "/".join(quote(part, safe="") for part in parts)

    @staticmethod
    def href(address: str, query: Mapping[str, str]) -> str:
        """The address with those of `query` that say something."""
        asked = urlencode({name: value for name, value in query.items() if value})
        return address + (f"?{asked}" if asked else "")

    def link(self, path: str, query: Mapping[str, str]) -> str:
        """A link under the prefix, with a query."""
        return self.href(self.url(path), query)

    def render(self, name: str, facts: dict[str, object]) -> str:
        """The page `name` with its facts."""
        template: Template = self._templates.get_template(f"{name}.html")
        return template.render(facts)
