"""`/coppice help`: list the commands, as they are declared."""

from collections.abc import Sequence
from functools import cache

from bot.github.texts import answers
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context


def command(others: Sequence[Command]) -> Command:
    """Declare the command that lists all others and itself."""

    @cache  # people wait for the first sign behind it
    def text() -> str:
        every = (*others, declared)
        settings = {k: s.summary for each in every for k, s in each.settings.items()}
        return answers.help_text([each.listed for each in every], settings)

    async def call(_asked: Asked, _context: Context) -> Reply:
        return Reply(answer=text())

    declared = Command(
        verb="help",
        summary="List the commands.",
        call=call,
        examples=("/coppice help",),
    )
    return declared
