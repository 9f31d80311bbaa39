"""The slash commands, listed by hand; help, parser and documentation read this list."""

from difflib import get_close_matches

from bot.github.texts import answers
from handlers.commands import ci, retry, run, stop
from handlers.commands.command import Command
from handlers.commands.help import command as help_command

_ACTING = (run.COMMAND, stop.COMMAND, retry.COMMAND, ci.COMMAND)
COMMANDS: dict[str, Command] = {
    command.verb: command for command in (*_ACTING, help_command(_ACTING))
}
PLANNED = frozenset({"plan", "approve", "reject", "amend", "fix", "review", "rebase"})
"""Verbs of the design that do nothing yet; they are named instead of guessed at."""


def unknown(verb: str) -> str:
    """Answer a verb that there is not: not yet, or the nearest one."""
    if verb in PLANNED:
        return f"`/coppice {verb}` is not built yet. `/coppice help` lists what is."
    near = get_close_matches(verb, COMMANDS, n=1)
    return answers.unknown_command(verb, near[0] if near else None)
