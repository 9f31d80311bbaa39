"""`/coppice stop`: end a run and keep its work."""

from bot.errors import UserError
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context
from handlers.runs import alive, stop


async def _call(asked: Asked, context: Context) -> Reply:
    run = await asked.newest_run(context)
    if run is None or not alive(run):
        raise UserError("No run is at work here.")
    return Reply(tells=(stop(run, asked.wanted),))


COMMAND = Command(
    verb="stop",
    summary="End the run; what it has done so far is kept for `retry`.",
    call=_call,
    examples=("/coppice stop",),
)
