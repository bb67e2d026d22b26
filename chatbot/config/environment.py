"""The environment variables that carry settings: BILLCHAT_SECTION__KEY, and their misspellings.

Only this package reads settings from the environment.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_origin

from pydantic import BaseModel
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from chatbot.config.annotations import alternatives, sections_in
from chatbot.config.problems import ConfigError

PREFIX = "BILLCHAT_"


def env_name(*path: str) -> str:
    """Name the environment variable of a setting: `env_name("email", "password")` is BILLCHAT_EMAIL__PASSWORD."""
    return f"{PREFIX}{'__'.join(path)}".upper()


def named_by_variable(problem: str) -> str:
    """Return “key: problem” with the variable in the key's place, where the environment holds the value."""
    key, _, text = problem.partition(":")
    path = key.split(".")
    given = {name.upper() for name in os.environ}
    for length in range(len(path), 0, -1):
        if (variable := env_name(*path[:length])) in given:
            return f"{'.'.join((variable, *path[length:]))}:{text}"
    return problem


def environment_problems(settings: type[BaseModel]) -> list[str]:
    """Return a problem for each variable that sets nothing, cannot be read, or stands twice."""
    return [
        *_unknown_variables(settings),
        *(f"{name}: {_HOW_TO_WRITE_A_LIST}" for name in _unreadable_variables(settings)),
        *(
            f"{name}: is set twice, in capital and in small letters; keep one"
            for name, times in Counter(name.upper() for name in os.environ if name.upper().startswith(PREFIX)).items()
            if times > 1
        ),
    ]


def values_from_environment(settings: type[BaseSettings]) -> dict[str, Any]:
    """Return the values of the variables that can be read, by section."""
    source = EnvSettingsSource(settings)
    unreadable = {name.lower() for name in _unreadable_variables(settings)}
    source.env_vars = {name: value for name, value in source.env_vars.items() if name.lower() not in unreadable}
    try:
        return source()
    except SettingsError:  # its message quotes the variable, which may hold a secret
        raise ConfigError([f"{PREFIX}…: {_HOW_TO_WRITE_A_LIST}"]) from None


_HOW_TO_WRITE_A_LIST = "a list is written as JSON in a variable, like '[\"10.0.0.7\"]' or '[30, 60]'"


def _unreadable_variables(settings: type[BaseModel]) -> Iterator[str]:
    """Yield the variables of lists, mappings and sections that are not valid JSON."""
    given = {name.upper(): value for name, value in os.environ.items()}
    for name, annotation in _settings_of(settings):
        if name in given and _is_json(annotation):
            try:
                json.loads(given[name])
            except ValueError:
                yield name


def _is_json(annotation: Any) -> bool:  # noqa: ANN401 (a type)
    kinds = [get_origin(kind) or kind for kind, _ in alternatives(annotation)]
    return any(isinstance(kind, type) and issubclass(kind, list | dict | tuple | BaseModel) for kind in kinds)


def _unknown_variables(settings: type[BaseModel]) -> list[str]:
    """Return a problem for each variable that looks like a setting and is none, so that a typo does not go unnoticed.

    Variables without a double underscore are reported only if they differ from a setting by their underscores alone:
    Kubernetes makes BILLCHAT_SERVICE_HOST for a service called billchat, and BILLCHAT_SERVER_PORT=tcp://… for one
    called billchat-server.
    """
    sections: set[str] = set()
    values: set[str] = set()
    for name, annotation in _settings_of(settings):
        (sections if sections_in(annotation) else values).add(name)
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


def _settings_of(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield (variable, annotation) for every setting and section at any depth."""
    for name, field in section.model_fields.items():
        yield env_name(*path, name), field.annotation
        for each in sections_in(field.annotation):
            yield from _settings_of(each, (*path, name))


def _words(name: str) -> str:
    return name.replace("__", "_")
