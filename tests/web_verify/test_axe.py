"""axe-core finds nothing on any page in any state: light and dark, from left to right and from right to left."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.axe import OF_COLOURS, faults
from tests.browser import OpenPhone
from tests.pseudo import pseudo
from tests.web_verify.porch import Porch, Street, app
from tests.web_verify.states import account_states, guest_states, person_states

VISITS = (guest_states, account_states, person_states)  # together they are `every_state`
Visit = Callable[[Page, Porch], Iterator[str]]


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.__name__)
@pytest.mark.parametrize(("tag", "direction"), [("en-GB", "ltr"), ("ar-XB", "rtl")])
def test_axe_finds_nothing_on_any_page(
    porch: Porch, street: tuple[Street, str], phone: OpenPhone, tmp_path: Path, tag: str, direction: str, visit: Visit
) -> None:
    look = replace(porch.look, languages=pseudo(tmp_path))
    street[0].app = app(porch.desk, look)
    page = phone(locale=tag, reduced_motion="reduce").new_page()
    found: dict[str, list[str]] = {}
    for state in visit(page, replace(porch, look=look)):
        assert page.locator("html").get_attribute("dir") == direction
        page.emulate_media(color_scheme="light")
        found[f"{state}, light"] = faults(page)
        page.emulate_media(color_scheme="dark")  # the same document in other colours
        found[f"{state}, dark"] = faults(page, OF_COLOURS)
    assert {where: wrong for where, wrong in found.items() if wrong} == {}
