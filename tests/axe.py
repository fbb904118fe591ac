"""axe-core in the tests' browser: WCAG 2.2 A and AA, and best practice."""

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Page

_PACKAGE = "axe_playwright_python"
_RUN = """async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
})).violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 120)}`))"""


@cache
def _script() -> str:
    """axe-core itself, out of the package that ships it."""
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        reason = "axe-core is missing: pip install axe-playwright-python"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Each violation with the beginning of the element it is about."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    found = page.evaluate(_RUN)
    return [str(one) for one in found]
