"""Counting words that make sentences riddles: "what it is told", "whoever has it". A noun says it shorter.

`python -m tests.prose` prints the count of each folder and the files with the most.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("chatbot", "flows", "store", "widget/src")
PRONOUNS = re.compile(r"\b(?:what|who|whom|whose|whoever|whatever|that which)\b", re.IGNORECASE)
WORD = re.compile(r"[A-Za-z']+")
TYPESCRIPT_COMMENT = re.compile(r"/\*.*?\*/|(?:(?<=\s)|^)//.*?$", re.DOTALL | re.MULTILINE)
DIRECTIVES = ("noqa", "fmt:", "type:")


def python_prose(source: str) -> Iterator[str]:
    """Yield the docstrings, the strings below assignments, and the comments of a module."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not any(word in token.string for word in DIRECTIVES):
            yield token.string


def typescript_prose(source: str) -> Iterator[str]:
    """Yield the comments of a module."""
    yield from TYPESCRIPT_COMMENT.findall(source)


READERS = {".py": python_prose, ".ts": typescript_prose, ".tsx": typescript_prose}


def count(path: Path) -> tuple[int, int]:
    """Return the words of a file's docstrings and comments, and the pronouns among them."""
    text = " ".join(" ".join(READERS[path.suffix](path.read_text("utf-8"))).split())
    return len(WORD.findall(text)), len(PRONOUNS.findall(text))


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in READERS)


def pronouns_per_thousand_words(*folders: str) -> float:
    counts = [count(path) for folder in folders for path in modules(folder)]
    return 1000 * sum(pronouns for _, pronouns in counts) / sum(words for words, _ in counts)


if __name__ == "__main__":
    for folder in FOLDERS:
        sys.stdout.write(f"{pronouns_per_thousand_words(folder):5.1f} {folder}\n")
    every = [(count(path)[1], path) for folder in FOLDERS for path in modules(folder)]
    for pronouns, path in sorted(every, reverse=True)[:20]:
        sys.stdout.write(f"{pronouns:5} {path.relative_to(ROOT)}\n")
