"""The environment variables that carry settings: BILLCHAT_SECTION__KEY, and their misspellings.

Only this package reads settings from the environment.
"""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pydantic import BaseModel
from pydantic_settings import SettingsError

from chatbot.config.annotations import sections_in

PREFIX = "BILLCHAT_"


def env_name(*path: str) -> str:
    """Name the environment variable of a setting: `env_name("email", "password")` is BILLCHAT_EMAIL__PASSWORD."""
    return f"{PREFIX}{'__'.join(path)}".upper()


def unknown_variables(settings: type[BaseModel]) -> list[str]:
    """Return a problem for each variable that looks like a setting and is none, so that a typo does not go unnoticed.

    Variables without a double underscore are reported only if they differ from a setting by their underscores alone:
    Kubernetes makes BILLCHAT_SERVICE_HOST for a service called billchat, and BILLCHAT_SERVER_PORT=tcp://… for one
    called billchat-server.
    """
    sections: set[str] = set()
    values: set[str] = set()
    for name, is_section in _settings_of(settings):
        (sections if is_section else values).add(name)
    known = sections | values
    by_words = {_words(name): name for name in known}
    names = {
        name.upper() for name, value in os.environ.items() if not value.startswith(("tcp://", "udp://", "sctp://"))
    }
    problems = []
    for name in sorted(names - known):
        is_part_of_a_value = any(name.startswith(f"{value}__") for value in values)  # pydantic checks those
        if name.startswith(PREFIX) and not is_part_of_a_value and ("__" in name or _words(name) in by_words):
            match = [by_words[_words(name)]] if _words(name) in by_words else get_close_matches(name, known, 1)
            problems.append(f"{name}: there is no such setting; " + (f"write {match[0]}" if match else "take it out"))
    return problems


def _settings_of(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    """Yield (variable, whether it is a whole section) for every setting at any depth."""
    for name, field in section.model_fields.items():
        inner = sections_in(field.annotation)
        yield env_name(*path, name), bool(inner)
        for each in inner:
            yield from _settings_of(each, (*path, name))


def _words(name: str) -> str:
    return name.replace("__", "_")


def unreadable_variable(error: SettingsError, sections: Iterable[str]) -> str:
    """Return the problem of a variable that is not valid JSON, without repeating its value."""
    section = next((name for name in sections if f'"{name}"' in str(error)), "…")
    return f"{PREFIX}{section.upper()}__…: a list is written as JSON in a variable, like '[\"10.0.0.7\"]' or '[30, 60]'"
