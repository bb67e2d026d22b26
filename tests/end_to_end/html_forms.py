"""Submitting the forms of HTML pages without a browser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp


@dataclass
class Form:
    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class _FormParser(HTMLParser):
    """Collects the form around each button, by the button's data-testid."""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, Form] = {}
        self._form = Form()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(attributes.get("action", ""))
        elif tag == "input" and (attributes.get("type") != "radio" or "checked" in attributes) and "name" in attributes:
            self._form.fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "button" and "data-testid" in attributes:
            fields = dict(self._form.fields)
            if "name" in attributes:
                fields[attributes["name"]] = attributes.get("value", "")
            self.buttons[attributes["data-testid"]] = Form(self._form.action, fields)


async def submit(http: aiohttp.ClientSession, url: str, testid: str) -> str:
    """Submit a page's form by one of its buttons; return the address at the end of the redirects."""
    async with http.get(url) as page:
        page.raise_for_status()
        forms = _FormParser()
        forms.feed(await page.text())
        address = str(page.url)
    form = forms.buttons[testid]
    async with http.post(urljoin(address, form.action or address), data=form.fields) as answer:
        answer.raise_for_status()
        return str(answer.url)
