"""The description of one command: its name, help, arguments and module."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

Run = Callable[[Namespace], int]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command, as `ArgumentParser.add_argument` takes it."""

    name: str
    options: dict[str, Any]

    def add_to(self, parser: ArgumentParser) -> None:
        """Add it to a parser."""
        parser.add_argument(self.name, **self.options)


def argument(name: str, **options: Any) -> Argument:  # noqa: ANN401 (argparse's options)
    """Describe an argument."""
    return Argument(name, options)


CONFIG = argument("--config", type=Path, default=Path("config.yaml"), help="where config.yaml is")


@dataclass(frozen=True, slots=True)
class Command:
    """A command. Its module has the function `run`: parsed arguments in, exit status out."""

    name: str
    help: str
    module: str
    arguments: tuple[Argument, ...] = ()

    def load(self) -> Run:
        """Import the module, and with it only the libraries that this command needs."""
        return cast("Run", import_module(self.module).run)
