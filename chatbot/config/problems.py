"""The error that reports every problem of a configuration."""

from collections.abc import Sequence


class ConfigError(Exception):
    """The configuration cannot be used. `problems` lists every one as “key: problem; remedy”."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("The configuration needs attention:\n" + "\n".join(f"  • {problem}" for problem in problems))
        self.problems = list(problems)
