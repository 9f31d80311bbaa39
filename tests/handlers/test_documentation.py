"""The page on slash commands is the code's own."""

from pathlib import Path

import pytest

from bot.guard.commands import find_commands
from handlers.commands import COMMANDS
from handlers.commands.documentation import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def test_the_page_is_current() -> None:
    """`python -m handlers.commands.documentation > docs/commands.md` writes it."""
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_example_is_a_command_that_is_taken(verb: str) -> None:
    command = COMMANDS[verb]

    for example in command.examples:
        (line,) = find_commands(example)
        assert line.verb == verb
        command.read(line.words)
