"""How the pages look, measured: narrow screens, large text, contrast, targets."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser import OpenPhone
from tests.web_verify.porch import Porch
from tests.web_verify.states import every_state, sign_in
from web_verify.stylesheet import SOURCE

SCROLLS_SIDEWAYS = """() => { const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const cut = [...document.querySelectorAll('main *, header *, footer *')].filter(e =>
    e.getClientRects().length && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
  return wide > 0 || cut.length ? [wide, ...cut.map(e => e.outerHTML.slice(0, 80))] : [] }"""

CONTRASTS = """() => {
  const parse = text => { const c = text.match(/[\\d.]+/g).map(Number); return c.length < 4 ? [...c, 1] : c };
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map(v => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c[3] === 1) return c; if (c[3] > 0) throw new Error('half transparent: ' + e.outerHTML) }
    return [255, 255, 255] };
  const ratio = (a, b) => { const [hi, lo] = [light(a), light(b)].sort((x, y) => y - x);
    return (hi + .05) / (lo + .05) };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    if (!e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || (e.matches('input') && e.value);
    if (own) found.push([ratio(parse(style.color), behind(e)), 4.5, e.outerHTML.slice(0, 90)]);
    if (e.matches('.mark'))
      found.push([ratio(parse(style.color), behind(e)), 3, e.parentElement.outerHTML.slice(0, 90)]);
    if (e.matches('input:not([type=checkbox],[type=hidden])'))
      found.push([ratio(parse(style.borderTopColor), behind(e.parentElement)), 3, e.outerHTML.slice(0, 90)]);
  }
  return found }"""

TARGETS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), summary, label.tick')]
  .filter(e => e.getClientRects().length).map(e => { const r = e.getBoundingClientRect();
    return [e.outerHTML.slice(0, 80), r.width, r.height, e.matches('input[type=checkbox]')] })"""


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, phone: OpenPhone) -> Page:
    return phone(color_scheme=request.param).new_page()


def test_nothing_scrolls_sideways_at_320_pixels(porch: Porch, phone: OpenPhone) -> None:
    page = phone(viewport={"width": 320, "height": 640}).new_page()
    for state in every_state(page, porch):
        assert page.evaluate(SCROLLS_SIDEWAYS) == [], state


def test_twice_the_text_size_and_wide_spacing_lose_nothing(porch: Porch, phone: OpenPhone) -> None:
    page = phone(bypass_csp=True).new_page()
    for state in every_state(page, porch):
        page.add_style_tag(
            content="html{font-size:200%!important}"
            "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}"
        )
        assert page.evaluate(SCROLLS_SIDEWAYS) == [], state


def test_right_to_left_needs_no_second_sheet(porch: Porch, phone: OpenPhone) -> None:
    page = phone(viewport={"width": 320, "height": 640}).new_page()
    for state in every_state(page, porch):
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, state
        for code in page.locator("main .code, main .letters").all():
            assert code.evaluate("e => getComputedStyle(e).direction") == "ltr"


def test_every_text_and_mark_has_enough_contrast_where_it_stands(porch: Porch, page: Page) -> None:
    for state in every_state(page, porch):
        measured = page.evaluate(CONTRASTS)
        assert len(measured) >= 5
        assert [seen for seen in measured if seen[0] < seen[1]] == [], state


def test_the_dark_scheme_is_dark(porch: Porch, phone: OpenPhone) -> None:
    seen = []
    for scheme in ("light", "dark"):
        page = phone(color_scheme=scheme).new_page()
        page.goto(porch.url + "/device")
        seen.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert seen == ["rgb(246, 247, 249)", "rgb(14, 17, 22)"]


def test_every_target_is_large_enough_for_a_thumb(porch: Porch, phone: OpenPhone) -> None:
    page = phone().new_page()
    for state in every_state(page, porch):
        for target, width, height, is_box in page.evaluate(TARGETS):
            least = 24 if is_box else 48  # the box is drawn at 24, its label takes the taps of the whole line
            assert height >= least, (state, target)
            assert width >= least, (state, target)


def test_fields_are_large_enough_that_phones_do_not_zoom(porch: Porch, phone: OpenPhone) -> None:
    page = phone().new_page()
    for _ in every_state(page, porch):
        for size in page.eval_on_selector_all("input", "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"):
            assert size >= 13
        sizes = page.eval_on_selector_all(
            "input:not([type=hidden],[type=checkbox])", "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert all(size >= 16 for size in sizes)


def test_the_code_is_32_pixels_or_more_and_of_one_width(porch: Porch, phone: OpenPhone) -> None:
    page = phone().new_page()
    sign_in(page, porch, "/D/WDJBMJHT")
    style = page.eval_on_selector(
        "p.code", "e => [parseFloat(getComputedStyle(e).fontSize), getComputedStyle(e).fontFamily]"
    )
    assert style[0] >= 32
    assert "monospace" in style[1]


def test_forced_colours_keep_the_edges_of_what_can_be_pressed(porch: Porch, phone: OpenPhone) -> None:
    page = phone(forced_colors="active").new_page()
    sign_in(page, porch, "/D/WDJBMJHT")
    widths = page.eval_on_selector_all(".answers button", "all => all.map(e => getComputedStyle(e).borderTopWidth)")
    assert widths == ["2px", "2px"]


def test_nothing_moves_for_whoever_asked_for_that(porch: Porch, phone: OpenPhone) -> None:
    page = phone(reduced_motion="reduce").new_page()
    page.goto(porch.url + "/device")
    assert page.eval_on_selector("button", "e => getComputedStyle(e).transitionDuration") == "0s"


def test_every_pair_of_colours_in_the_sheet_is_readable() -> None:
    sheet = SOURCE.read_text()
    light, dark = (dict(re.findall(r"--([\w-]+):(#[0-9A-F]{6})", part)) for part in sheet.split("@media", 2)[:2])
    assert light.keys() == dark.keys()
    pairs = (
        *((text, ground) for text in ("text", "muted") for ground in ("bg", "surface", "surface-2")),
        *(("text", f"{tint}-soft") for tint in ("accent", "ok", "warn", "danger")),
        *((tint, ground) for tint in ("accent", "ok", "warn", "danger")
          for ground in ("bg", "surface", f"{tint}-soft")),
        ("warn", "surface-2"), ("on-accent", "accent"), ("on-danger", "danger"),
    )  # fmt: skip
    for scheme in (light, dark):
        for text, ground in pairs:
            assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)
        for control in ("control", "focus", "accent", "danger"):
            assert contrast(scheme[control], scheme["surface"]) >= 3, control


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
