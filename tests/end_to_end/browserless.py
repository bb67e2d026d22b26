"""A browser without scripts or pictures: reads a page and presses the buttons of its forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp


@dataclass
class Form:
    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """Finds the form around each button, by the button's data-testid."""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, Form] = {}
        self._form = Form()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        having = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(having.get("action", ""))
        elif tag == "input" and (having.get("type") != "radio" or "checked" in having) and "name" in having:
            self._form.fields[having["name"]] = having.get("value", "")
        elif tag == "button" and "data-testid" in having:
            fields = dict(self._form.fields)
            if "name" in having:
                fields[having["name"]] = having.get("value", "")
            self.buttons[having["data-testid"]] = Form(self._form.action, fields)


async def press(http: aiohttp.ClientSession, url: str, testid: str) -> str:
    """Open a page, press one of its buttons, follow where it leads; returns the last page's address."""
    async with http.get(url) as page:
        page.raise_for_status()
        forms = _Forms()
        forms.feed(await page.text())
        here = str(page.url)
    form = forms.buttons[testid]
    async with http.post(urljoin(here, form.action or here), data=form.fields) as answer:
        answer.raise_for_status()
        return str(answer.url)
