"""The environment variables that carry settings: their names, and those that were meant for us and set nothing."""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

PREFIX = "BILLCHAT_"


def env_name(section: str, key: str) -> str:
    """Name the environment variable that sets a key of a section."""
    return f"{PREFIX}{section}__{key}".upper()


def unknown_variables(sections: Mapping[str, FieldInfo]) -> list[str]:
    """Name the variables that were meant for us and set nothing: else a misspelt address would go unnoticed.

    Others may begin like ours: Kubernetes makes BILLCHAT_SERVICE_HOST of a service that is called billchat, and
    BILLCHAT_SERVER_PORT=tcp://… of one that is called billchat-server.
    """
    known = {env_name(section, key) for section, field in sections.items() for key in _keys(field)}
    meant = {name.replace("__", "_"): name for name in known}
    problems = []
    ours = {name.upper() for name, value in os.environ.items() if not value.startswith(("tcp://", "udp://", "sctp://"))}
    for name in sorted(ours - known):
        is_deeper = any(name.startswith(f"{one}__") for one in known)  # a part of a key, which pydantic looks at
        if name.startswith(PREFIX) and not is_deeper and ("__" in name or name in meant):
            like = [meant[name]] if name in meant else get_close_matches(name, known, 1)
            problems.append(f"{name}: there is no such setting; " + (f"write {like[0]}" if like else "take it out"))
    return problems


def _keys(section: FieldInfo) -> Iterable[str]:
    assert isinstance(section.annotation, type)
    assert issubclass(section.annotation, BaseModel)
    return section.annotation.model_fields


def unreadable_variable(fault: SettingsError, sections: Iterable[str]) -> str:
    """Say which variable could not be read."""
    section = next((name for name in sections if f'"{name}"' in str(fault)), "…")
    return f"{PREFIX}{section.upper()}__…: a list is written as JSON in a variable, like '[\"10.0.0.7\"]' or '[30, 60]'"
