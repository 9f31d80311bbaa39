"""The pages on slash commands and labels are the code's own."""

from pathlib import Path

import pytest

from bot.guard.commands import VERBS, find_commands
from handlers.commands import COMMANDS
from handlers.commands.documentation import page
from handlers.label_documentation import page as label_page

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_is_current() -> None:
    """`python -m handlers.commands.documentation > docs/commands.md` writes it."""
    assert (DOCS / "commands.md").read_text() == page()


def test_the_page_on_labels_is_current() -> None:
    """`python -m handlers.label_documentation > docs/labels.md` writes it."""
    assert (DOCS / "labels.md").read_text() == label_page()


def test_a_review_is_read_for_the_verbs_that_there_are() -> None:
    assert frozenset(COMMANDS) == VERBS


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_example_is_a_command_that_is_taken(verb: str) -> None:
    command = COMMANDS[verb]

    for example in command.examples:
        (line,) = find_commands(example)
        assert line.verb == verb
        command.read(line.words)
