"""The documentation's pages, with their code blocks, tables and prose, for tests."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
FENCE = re.compile(r"^```(?P<language>\w*) ?(?P<about>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced code block; `about` is the rest of the line that opens it."""

    page: str
    language: str
    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.page} {self.about}".strip()


BLOCKS = [Block(page.name, *match.groups()) for page in PAGES for match in FENCE.finditer(page.read_text("utf-8"))]


def blocks(language: str, page: str | None = None) -> list[Block]:
    found = [block for block in BLOCKS if block.language == language and page in (None, block.page)]
    assert found, f"no page has an example of {language}"
    return found


def prose(page: str) -> str:
    """Return a page without its code blocks."""
    return FENCE.sub("", (DOCS / page).read_text("utf-8"))


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without the head row."""
    section = re.split(rf"^#+ {re.escape(heading)}$", (DOCS / page).read_text("utf-8"), flags=re.MULTILINE)[1]
    table = re.search(r"(?:^\|[^\n]*\n)+", section, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.group().splitlines()[2:]]


def codes_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)
