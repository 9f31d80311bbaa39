"""`/coppice help`: list the commands, as they are declared."""

from collections.abc import Sequence

from bot.github.texts import answers
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context


def command(others: Sequence[Command]) -> Command:
    """Declare the command that lists all others and itself."""

    async def call(_asked: Asked, _context: Context) -> Reply:
        every = (*others, declared)
        settings = {k: s.summary for each in every for k, s in each.settings.items()}
        return Reply(answer=answers.help_text([each.listed for each in every], settings))

    declared = Command(
        verb="help",
        summary="List the commands.",
        call=call,
        examples=("/coppice help",),
    )
    return declared
