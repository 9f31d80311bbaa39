"""The slash commands, listed by hand; help, parser and documentation read this list."""

from difflib import get_close_matches

from bot.guard.commands import CommandLine
from handlers.commands import approve, fix, follow_up, patch, pause, retry, review, run, stop, why
from handlers.commands.command import Command
from handlers.commands.help import command as help_command

_ACTING = (
    run.COMMAND,
    run.PLAN,
    approve.APPROVE,
    approve.REJECT,
    retry.COMMAND,
    review.COMMAND,
    stop.COMMAND,
    fix.COMMAND,
    follow_up.REBASE,
    follow_up.CI,
    follow_up.READY,
    patch.COMMAND,
    why.COMMAND,
    pause.PAUSE,
    pause.RESUME,
)
COMMANDS: dict[str, Command] = {
    command.verb: command for command in (*_ACTING, help_command(_ACTING))
}


def nearly(line: CommandLine) -> str | None:
    """Name the verb that somebody who wrote one word probably meant; other words are a note."""
    if line.words or line.below:
        return None
    near = get_close_matches(line.verb, COMMANDS, n=1)
    return near[0] if near else None
