"""Reads config.yaml, and finds keys that stand twice in it: the second would silently replace the first."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from chatbot.config.problems import ConfigError


def read_yaml(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the file's content, and the problem of each repeated key. Raises ConfigError for an unreadable file."""
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        raw = {} if root is None else loader.construct_document(root)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror}); say where it is with --config"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: is not written in UTF-8; save it so"]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError([f"{path}{line}: not valid YAML; check the indentation and the quotes there"]) from None
    if not isinstance(raw, dict | None):
        raise ConfigError([f"{path}: must be sections of keys, like the example config.yaml"])
    repeated = [] if root is None else list(_repeated_keys(root, (), set()))
    return {str(key): value for key, value in (raw or {}).items()}, [f"{path}, {problem}" for problem in repeated]


def _repeated_keys(node: yaml.Node, path: tuple[str, ...], seen: set[int]) -> Iterator[str]:
    """Yield a problem for each key that its mapping has already. Aliases share nodes: `seen` holds those visited."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated_keys(item, (*path, str(index)), seen)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name = str(key.value)
            line = key.start_mark.line + 1
            if name in first:
                dotted = ".".join((*path, name))
                yield f"line {line}: {dotted} stands in line {first[name]} already, and would be replaced; keep one"
            first.setdefault(name, line)
            yield from _repeated_keys(value, (*path, name), seen)
