"""Takes the pictures in docs/screenshots, of the demo in a real browser: `make screenshots`."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.browser import DESKTOP, PHONE, NoChromiumError, Panel, Visitor, chromium, pay
from tests.end_to_end.demo_server import DemoServer

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
SCREENS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
    "desktop": {"viewport": DESKTOP},
}
THEMES = ["light", "dark"]

# System fonts of customers' devices, where a bare server would have others.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <match target="pattern">
    <edit name="family" mode="prepend" binding="strong">
      <string>Inter</string><string>Roboto</string><string>Noto Sans</string><string>Liberation Sans</string>
    </edit>
  </match>
  <include>/etc/fonts/fonts.conf</include>
</fontconfig>
"""


class Screenshots:
    """The screenshots of one screen size in one theme."""

    def __init__(self, browser: Browser, server: DemoServer, screen: str, theme: str) -> None:
        self._name = f"{screen}-{theme}"
        self._visitor = Visitor.open(browser, server, color_scheme=theme, **SCREENS[screen])

    def take_all(self) -> None:
        panel = self._visitor.chat()
        expect(panel.main_button).to_be_visible()
        self._take(panel.page, "home")
        self._identify(panel, "owes@example.com")
        self._take(panel.page, "code-entry")
        self._enter_code(panel, "owes@example.com")
        expect(panel.card("To pay")).to_be_visible()
        self._take(panel.page, "balance")
        tab = panel.follow(panel.pay_all())
        self._take(tab, "payment-page")
        pay(tab)
        tab.close()
        expect(panel.card("Payment received")).to_be_visible()
        self._take(panel.page, "receipt")
        panel.page.close()
        panel = self._visitor.chat()
        self._identify(panel, "dd@example.com")
        self._enter_code(panel, "dd@example.com")
        expect(panel.card("Direct debit")).to_be_visible()
        self._take(panel.page, "direct-debit")
        self._visitor.close()

    def _identify(self, panel: Panel, identifier: str) -> None:
        self._before = panel.server.letters_to(identifier)
        panel.pay_my_bill()
        panel.field.fill(identifier)
        panel.inside.get_by_role("button", name="Send").click()
        panel.code_field.wait_for()

    def _enter_code(self, panel: Panel, identifier: str) -> None:
        panel.code_field.fill(panel.server.code_for(identifier, self._before))

    def _take(self, page: Page, what: str) -> None:
        page.mouse.move(0, 0)
        # After two frames, new messages are drawn and scrolled to.
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.screenshot(path=FOLDER / f"{what}-{self._name}.png", animations="disabled", caret="hide")


@contextmanager
def with_fonts(folder: Path) -> Iterator[None]:
    """Browsers started in this block use the fonts above."""
    (folder / "fonts.conf").write_text(FONTS)
    os.environ["FONTCONFIG_FILE"] = str(folder / "fonts.conf")
    yield
    del os.environ["FONTCONFIG_FILE"]


@contextmanager
def demo() -> Iterator[DemoServer]:
    """A new demo for each set, so that every set shows the same unpaid bills."""
    with tempfile.TemporaryDirectory() as folder:
        server = DemoServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as fonts, with_fonts(Path(fonts)), chromium() as browser:
            for screen in SCREENS:
                for theme in THEMES:
                    with demo() as server:
                        Screenshots(browser, server, screen, theme).take_all()
    except NoChromiumError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures are in {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
