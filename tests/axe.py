"""axe-core on a page: what it finds wrong, and every contrast that it cannot tell. The script comes with a package."""

from importlib import resources
from typing import Any

from playwright.sync_api import Page

SCRIPT = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RUN = "rules => axe.run(document, {resultTypes: ['violations', 'incomplete'], ...rules})"
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def faults(page: Page, rules: dict[str, Any] | None = None) -> list[str]:
    """Of all rules or of these, one line each: the rule, the element, why. A contrast it cannot tell is one, too."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(SCRIPT)  # by the debugger's own door: the policy of the page stays as it is
    result = page.evaluate(RUN, rules or {})
    unsure = [rule for rule in result["incomplete"] if rule["id"].startswith("color-contrast")]
    return [line for rule in (*result["violations"], *unsure) for line in _lines(rule)]


def _lines(rule: dict[str, Any]) -> list[str]:
    return [f"{rule['id']}: {node['html'][:120]} {node['failureSummary']}" for node in rule["nodes"]]
