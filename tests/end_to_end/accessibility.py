"""Checks of a page's accessibility: axe-core in both themes, and nothing cut off on narrow and zoomed screens."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Frame, Page

NARROW = {"width": 320, "height": 640}
# A 1280 × 800 window at 200 %.
ZOOMED = {"width": 640, "height": 400}

RUN = """async options => {
  const found = await axe.run(document, {resultTypes: ['violations'], iframes: false, ...options});
  return found.violations.map(({id, nodes}) => `${id}: ` + nodes.map(({html, failureSummary}) =>
    `${html.slice(0, 160)} ${failureSummary}`).join(' | '));
}"""
CUT_OFF = """() => [document.scrollingElement, ...document.body.querySelectorAll('*')].filter(each => {
  const style = getComputedStyle(each);
  if (each.matches('.unseen, .unseen *') || style.display === 'inline') return false;
  const scrolls = each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0;
  const wanted = style.textOverflow === 'ellipsis' || each.matches('.table, input, textarea, svg, svg *');
  const box = each.getBoundingClientRect();
  const outside = box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && !each.closest('.table');
  return (scrolls && !wanted) || outside;
}).map(each => each.outerHTML.slice(0, 160))"""


@cache
def axe() -> str:
    """Return axe-core's source."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(frame: Frame | Page, **options: Any) -> list[str]:
    """Return the violations that axe finds in a document, of standards and of best practices."""
    if not frame.evaluate("typeof axe === 'object'"):
        frame.evaluate(f"{axe()};0")
    found: list[str] = frame.evaluate(RUN, options)
    return found


def assert_accessible(page: Page, frame: Frame | Page | None = None, but: tuple[str, ...] = ()) -> None:
    """Check a page, or a frame in it: light and dark, at its size, narrow and zoomed, except for the rules in `but`."""
    document = frame or page
    rules = {rule: {"enabled": False} for rule in but}
    usual = page.viewport_size
    assert usual is not None
    assert violations(document, rules=rules) == []
    page.emulate_media(color_scheme="dark")
    assert violations(document, runOnly=["color-contrast"]) == []
    page.set_viewport_size(NARROW)
    assert document.evaluate(CUT_OFF) == []
    assert violations(document, runOnly=["color-contrast", "target-size", "scrollable-region-focusable"]) == []
    page.set_viewport_size(ZOOMED)
    assert document.evaluate(CUT_OFF) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(usual)
