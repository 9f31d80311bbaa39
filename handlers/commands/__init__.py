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
    """Name the verb that somebody probably meant who wrote one word, with nothing behind it but
    what this verb takes; other words are a note.
    """
    if (verb := line.verb.rstrip(".,!")) in COMMANDS:
        return verb  # `approve, thanks` is no word to whoever plans
    near = get_close_matches(line.verb, COMMANDS, n=1)
    if not near or line.below or not all(_taken(word, COMMANDS[near[0]]) for word in line.words):
        return None
    return near[0]


def _taken(word: str, command: Command) -> bool:
    """Is this no word of a sentence, but a setting of the command, or the hash of a plan?"""
    key, equals, _ = word.lstrip("-").partition("=")
    if equals:
        return key in command.settings
    given = word.lower().strip("`")
    return command is approve.APPROVE and approve.HASH.fullmatch(given) is not None
