"""The arguments of the commands."""

import pytest

from chatbot.cli.command import Command
from chatbot.cli.main import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_can_be_loaded(command: Command) -> None:
    assert callable(command.load())


@pytest.mark.parametrize("count", ["0", "-1", "many", "1000"])
def test_the_number_of_workers_is_limited(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--workers", count])
    assert "a number from 1 to 64" in capsys.readouterr().err
