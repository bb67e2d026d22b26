"""Reads the settings: config.yaml, overridden by environment variables, which also carry the secrets.

Every problem is reported at once, each with the key or the variable that holds it and its remedy, and none repeats a
value. A problem is a line “key: problem; remedy”.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from chatbot.config.environment import env_name, environment_problems, named_by_variable, values_from_environment
from chatbot.config.problems import ConfigError
from chatbot.config.secrets_in_file import misplaced_secrets
from chatbot.config.settings import GatewaySection, Settings
from chatbot.config.yaml_file import read_yaml

__all__ = ["ConfigError", "LoadedSettings", "load", "load_leniently"]

MAX_PASSES = 10
"""Leaving a value out may show that the section needs it, so the rest is checked again."""


class LoadedSettings(Struct, frozen=True):
    """The settings as far as they could be read: `problems` is empty, or the values at `unusable` are left out."""

    settings: Settings
    problems: list[str]
    unusable: list[str]

    def is_unusable(self, key: str) -> bool:
        """Tell whether a key, a section of it or a part of it has a problem already."""
        return any(f"{key}.".startswith(f"{each}.") or each.startswith(f"{key}.") for each in self.unusable)


def load(path: Path, gateways: Mapping[str, type[GatewaySection]]) -> Settings:
    """Read the file at `path` and the environment. `gateways` are the sections that `payments` may hold, by name.

    Raises ConfigError with every problem found.
    """
    loaded = load_leniently(path, gateways)
    if loaded.problems:
        raise ConfigError(loaded.problems)
    return loaded.settings


def load_leniently(path: Path, gateways: Mapping[str, type[GatewaySection]]) -> LoadedSettings:
    """Read as `load` does, and leave out the values with a problem, so that further checks can add theirs.

    Raises ConfigError for a file that cannot be read at all.
    """
    raw, problems = read_yaml(path)
    kind = Settings.with_gateways(gateways)
    problems += environment_problems(kind) + misplaced_secrets(kind, raw, path)
    values = _merged(raw, values_from_environment(kind))
    unusable: list[str] = []
    for _ in range(MAX_PASSES):
        try:
            settings = _validated(kind, values)
        except ValidationError as error:
            for each in error.errors():
                problem = named_by_variable(_explain(each))
                problems += [problem] if problem not in problems else []
                unusable.append(_leave_out(values, each))
        else:
            return LoadedSettings(settings, problems, unusable)
    raise ConfigError(problems)


def _merged(file: Mapping[str, Any], environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file's values with those of the environment over them, key by key; lists are replaced whole."""
    merged = dict(file)
    for key, value in environment.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _validated(kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Return the settings made of these values alone."""

    class GivenSettings(kind):  # type: ignore[valid-type,misc]
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (_GivenValues(settings_cls, values),)

    settings: Settings = GivenSettings()
    return settings


class _GivenValues(PydanticBaseSettingsSource):
    """Values read before. pydantic's own source of YAML ignores the case of keys, which would hide secrets."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def __call__(self) -> dict[str, Any]:
        return self._values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return one field's value; pydantic-settings requires the method and does not call it here."""
        return self._values.get(field_name), field_name, False


def _leave_out(values: dict[str, Any], error: ErrorDetails) -> str:
    """Delete the value of an error (the whole list of an item, the section of a missing key) and return its key."""
    path = [str(part) for part in error["loc"]]
    path = path[:-1] if error["type"] == "missing" else path
    section, done = values, 0
    while done < len(path) - 1 and isinstance(section.get(path[done]), dict):
        section, done = section[path[done]], done + 1
    for key in [key for key in section if str(key) == path[done]]:
        del section[key]
    return ".".join(path[: done + 1])


def _explain(error: ErrorDetails) -> str:
    """Word one of pydantic's errors; the value itself is left out."""
    keys = [str(part) for part in error["loc"]]
    path = ".".join(keys)
    if error["type"] == "extra_forbidden":
        return f"{path}: there is no such key; check its spelling against the example config.yaml"
    if error["type"] == "missing":
        return f"{path}: is needed; set {env_name(*keys)}"
    if error["type"] == "string_type":
        return f"{path}: must be text; put it in quotes, since YAML takes words like NO and numbers for something else"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{path}: {message[:1].lower()}{message[1:]}"
