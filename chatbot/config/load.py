"""Reads the settings: config.yaml, overridden by environment variables, which also carry the secrets.

Every problem is reported at once, each with its path and remedy, and none repeats a value.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsError

from chatbot.config.environment import env_name, unknown_variables, unreadable_variable
from chatbot.config.secrets_in_file import misplaced_secrets
from chatbot.config.settings import GatewaySection, Settings


class ConfigError(Exception):
    """The configuration cannot be used. `problems` lists every one as “path: problem; remedy”."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The configuration needs attention:\n" + "\n".join(f"  • {problem}" for problem in problems))
        self.problems = problems


def load(path: Path, gateways: Mapping[str, type[GatewaySection]]) -> Settings:
    """Read the file at `path` and the environment. `gateways` are the sections that `payments` may hold, by name.

    Raises ConfigError with every problem found.
    """
    raw = _read(path)
    kind = _settings_from(raw, gateways)
    problems = unknown_variables(kind) + misplaced_secrets(kind, raw, path)
    try:
        settings = kind()
    except ValidationError as error:
        raise ConfigError(problems + [_explain(each) for each in error.errors()]) from None
    except SettingsError as error:  # its message quotes the variable, which may hold a secret
        raise ConfigError([*problems, unreadable_variable(error, kind.model_fields)]) from None
    if problems:
        raise ConfigError(problems)
    return settings


def _settings_from(raw: dict[str, Any], gateways: Mapping[str, type[GatewaySection]]) -> type[Settings]:
    """Return the settings model that takes its values from the environment, then from the file's content."""

    class FileSettings(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            return env_settings, _FileSource(settings_cls, raw)

    return FileSettings.with_gateways(gateways)


class _FileSource(PydanticBaseSettingsSource):
    """The file's content. pydantic's own source ignores the case of keys, which would hide misplaced secrets."""

    def __init__(self, settings_cls: type[BaseSettings], raw: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._raw = raw

    def __call__(self) -> dict[str, Any]:
        return self._raw

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return one field's value; pydantic-settings requires the method and does not call it here."""
        return self._raw.get(field_name), field_name, False


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror}); say where it is with --config"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: is not written in UTF-8; save it so"]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError([f"{path}{line}: not valid YAML; check the indentation and the quotes there"]) from None
    if not isinstance(raw, dict):
        raise ConfigError([f"{path}: must be sections of keys, like the example config.yaml"])
    return {str(key): value for key, value in raw.items()}


def _explain(error: ErrorDetails) -> str:
    """Word one of pydantic's errors; the value itself is left out."""
    keys = [str(part) for part in error["loc"]]
    path = ".".join(keys)
    if error["type"] == "extra_forbidden":
        return f"{path}: there is no such key; check its spelling against the example config.yaml"
    if error["type"] == "missing":
        return f"{path}: is needed; set {env_name(*keys)}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{path}: {message[:1].lower()}{message[1:]}"
