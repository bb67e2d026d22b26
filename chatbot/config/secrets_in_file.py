"""Finds secrets in config.yaml, where they do not belong: files end up in repositories and backups.

A secret is recognised by its type, at any depth of the settings: every `SecretStr` is one, and so is an address marked
`MayHoldPassword` that holds a password.
"""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from chatbot.config.address_types import MayHoldPassword
from chatbot.config.annotations import alternatives, is_section
from chatbot.config.environment import env_name

SECRET_TYPES = (SecretStr, SecretBytes, Secret)

KeyPath = tuple[str | int, ...]


def misplaced_secrets(settings: type[BaseModel], raw: dict[str, Any], file: Path) -> list[str]:
    """Return a problem for each secret in the file's content, with the environment variable that should hold it."""
    return [
        f"{_dotted(path)}: a secret does not belong in {file}; take it out and set {_variable(path)}"
        for path in dict.fromkeys(_secrets(settings, raw))
    ]


def _secrets(annotation: Any, value: object, path: KeyPath = (), marks: tuple[Any, ...] = ()) -> Iterator[KeyPath]:  # noqa: ANN401 (a type)
    """Yield the path of every secret in a value of the annotated type."""
    if value is None:
        return
    for kind, marked in alternatives(annotation, marks):
        if _is_secret(kind) or (MayHoldPassword() in marked and _has_password(value)):
            yield path
        elif is_section(kind) and isinstance(value, dict):
            for name, field in kind.model_fields.items():
                yield from _secrets(field.annotation, value.get(name), (*path, name), tuple(field.metadata))
        elif isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in items:
                for argument in get_args(kind):
                    yield from _secrets(argument, item, (*path, key))


def _is_secret(kind: Any) -> bool:  # noqa: ANN401 (a type)
    kind = get_origin(kind) or kind  # Secret[int] → Secret
    return isinstance(kind, type) and issubclass(kind, SECRET_TYPES)


def _has_password(address: object) -> bool:
    """Tell whether an address holds a password. True for one that cannot be parsed: it might."""
    try:
        return isinstance(address, str) and (urlsplit(address).password is not None or "password=" in address)
    except ValueError:
        return True


def _dotted(path: KeyPath) -> str:
    return ".".join(map(str, path))


def _variable(path: KeyPath) -> str:
    """Name the variable for a path; a list is set whole, as JSON."""
    return env_name(*takewhile(lambda part: isinstance(part, str), path))  # type: ignore[arg-type]
