"""`/coppice ci`: let the repository's own CI run on what Coppice pushed."""

from bot.errors import UserError
from bot.runs import MessageKind
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context
from handlers.runs import alive, tell


async def _call(asked: Asked, context: Context) -> Reply:
    run = await asked.newest_run(context)
    if run is None or not alive(run):
        raise UserError("There is no open pull request of Coppice here.")
    wanted = asked.wanted
    return Reply(tells=(tell(run, MessageKind.CI, wanted.key, reason=wanted.asked, by=wanted.by),))


COMMAND = Command(
    verb="ci",
    summary="Push the same work without `[skip ci]`, now and in later rounds.",
    call=_call,
    examples=("/coppice ci",),
)
